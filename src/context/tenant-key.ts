/** The kinds of values that name a tenant. Values of different kinds are never compared. */
export const tenantKinds = ['id', 'slug', 'externalId', 'domain'] as const

/**
 * What a value names a tenant by: its `id`; or a `slug`, an `externalId` (the id of another system, such as an identity provider) or a
 * `domain`, which the tenant directory maps to an id.
 */
export type TenantKind = (typeof tenantKinds)[number]

/** The kinds in messages. */
export const kindInWords: { readonly [kind in TenantKind]: string } = {
  id: 'id',
  slug: 'slug',
  externalId: 'external id',
  domain: 'domain',
}

/** A tenant, named by a value of one kind. */
export type TenantKey =
  | { readonly id: string }
  | { readonly slug: string }
  | { readonly externalId: string }
  | { readonly domain: string }

/** A value as the key of a kind. */
export const keyOf = (kind: TenantKind, value: string): TenantKey => ({ [kind]: value }) as TenantKey // one of its four forms

/** The kind of a key, and its value. */
export function partsOf(key: TenantKey): { kind: TenantKind; value: string } {
  const values: Partial<Record<TenantKind, string>> = key
  const [kind, ...others] = tenantKinds.filter((one) => values[one] !== undefined)
  const value = kind === undefined ? undefined : values[kind]
  if (kind === undefined || typeof value !== 'string' || others.length > 0)
    throw new TypeError(`A tenant is named by one text of: ${tenantKinds.join(', ')}`)
  return { kind, value }
}

/** @throws TypeError for another value, which JavaScript could pass and which would confuse names with ids */
export function assertKind(kind: TenantKind, allowed: readonly TenantKind[] = tenantKinds): void {
  if (!allowed.includes(kind)) throw new TypeError(`yields must be one of ${allowed.join(', ')} (got "${kind}")`)
}
