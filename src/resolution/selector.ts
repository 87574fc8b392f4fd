/** What a request says its tenant is: an id, or a name that a registry maps to one. */
export type Selector = ({ readonly id: string } | { readonly name: string }) & {
  /** The label of the place it stood in, where an extractor looks in several: a message blames that one. */
  readonly from?: string
}

/** What an extractor found, in one form; undefined when that is nothing. */
export function asSelector(found: string | Selector | undefined): Selector | undefined {
  const selector = typeof found === 'string' ? { id: found } : found
  return selector && ('id' in selector ? selector.id : selector.name) !== '' ? selector : undefined
}

/** @throws TypeError for what is neither, since a caller without types would get names for ids */
export function selectorOf(yields: 'id' | 'name'): (value: string) => Selector {
  if (yields === 'id') return (id) => ({ id })
  if (yields === 'name') return (name) => ({ name })
  throw new TypeError(`yields is 'id' or 'name', not "${yields}"`)
}
