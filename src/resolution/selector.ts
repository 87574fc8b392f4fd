import type { TenantKey, TenantKind } from '../context/index.ts'
import { keyOf, partsOf } from '../context/internal.ts'

/** How a request names its tenant. */
export type Selector = TenantKey & {
  /** The label of the extractor that found it, when there are several. */
  readonly from?: string
}

/**
 * Returns the result of an extractor in one form; undefined for an empty one.
 *
 * @param yields the kind of a text
 */
export function toSelector(found: string | Selector | undefined, yields: TenantKind = 'id'): Selector | undefined {
  const selector = typeof found === 'string' ? keyOf(yields, found) : found
  return selector && partsOf(selector).value !== '' ? selector : undefined
}
