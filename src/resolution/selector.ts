import type { TenantKind, TenantReference } from '../context/index.ts'
import { assertKind, partsOf, referTo } from '../context/internal.ts'

/** How a request names its tenant: by an id, or by a value that the tenant directory maps to an id. */
export type Selector = TenantReference & {
  /** The label of the extractor that found it, when there are several. */
  readonly from?: string
}

/** Returns the result of an extractor in one form; undefined for an empty one. */
export function toSelector(found: string | Selector | undefined): Selector | undefined {
  const selector = typeof found === 'string' ? { id: found } : found
  return selector && partsOf(selector).value !== '' ? selector : undefined
}

/** @throws TypeError for another word, which JavaScript could pass and which would confuse the kinds */
export function selectorFor(yields: TenantKind): (value: string) => Selector {
  const kind = assertKind(yields)
  return (value) => referTo(kind, value)
}
