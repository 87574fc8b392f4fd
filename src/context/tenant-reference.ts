/** What can name a tenant. Values of different kinds never meet: an external id of one tenant may be the slug of another. */
export type TenantKind = 'id' | 'slug' | 'externalId' | 'domain'

/**
 * Names a tenant by one value of one kind. All kinds but `id` need a tenant directory.
 *
 * @example
 * const acme: TenantReference = { externalId: 'org_2NxVKbZ5YhM0' }
 */
export type TenantReference = {
  [Kind in TenantKind]: { readonly [Key in Kind]: string } & { readonly [Key in Exclude<TenantKind, Kind>]?: never }
}[TenantKind]

export const tenantKinds: readonly TenantKind[] = ['id', 'slug', 'externalId', 'domain']

/** Names a tenant by a value. */
export const referTo = (kind: TenantKind, value: string): TenantReference =>
  ({ [kind]: value }) as unknown as TenantReference // a computed key loses its kind

/** The kind and the value of a reference, as one pair. */
export function partsOf(reference: TenantReference): { kind: TenantKind; value: string } {
  for (const kind of tenantKinds) {
    const value = reference[kind]
    if (value !== undefined) return { kind, value }
  }
  throw new TypeError('A tenant must be named by an id, slug, externalId or domain')
}

/** Whether a value names a tenant by one text of one kind: for values of JavaScript and of tokens, whose types say nothing. */
export function isReference(value: unknown): value is TenantReference {
  if (typeof value !== 'object' || value === null) return false
  const named: unknown[] = tenantKinds.flatMap((kind) => (Object.hasOwn(value, kind) ? [Reflect.get(value, kind)] : []))
  return named.length === 1 && typeof named[0] === 'string' && named[0] !== ''
}

/** @throws TypeError for another word, which JavaScript could pass and which would confuse the kinds */
export function assertKind(yields: TenantKind): TenantKind {
  if (tenantKinds.includes(yields)) return yields
  throw new TypeError(`yields must be "id", "slug", "externalId" or "domain" (got "${yields}")`)
}
