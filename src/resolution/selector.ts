/** How a request names its tenant: by an id, or by a name that the tenant directory maps to an id. */
export type Selector = ({ readonly id: string } | { readonly name: string }) & {
  /** The label of the extractor that found it, when there are several. */
  readonly from?: string
}

/** Returns the result of an extractor in one form; undefined for an empty one. */
export function toSelector(found: string | Selector | undefined): Selector | undefined {
  const selector = typeof found === 'string' ? { id: found } : found
  return selector && ('id' in selector ? selector.id : selector.name) !== '' ? selector : undefined
}

/** @throws TypeError for another value, which JavaScript could pass and which would confuse names with ids */
export function selectorFor(yields: 'id' | 'name'): (value: string) => Selector {
  if (yields === 'id') return (id) => ({ id })
  if (yields === 'name') return (name) => ({ name })
  throw new TypeError(`yields must be "id" or "name" (got "${yields}")`)
}
