declare const brand: unique symbol

/**
 * A tenant's id: 8-4-4-4-12 hex digits in lower case, of any version, unless the tenant database has ids of another
 * {@link TenantIdType}. Only {@link parseTenantId} creates one.
 */
export type TenantId = string & { readonly [brand]: 'TenantId' }

/**
 * The type of tenant ids, as PostgreSQL names it. All of them are strings in TypeScript.
 *
 * - `uuid`: 8-4-4-4-12 hex digits. Upper and lower case are the same tenant.
 * - `text`: 1 to 128 of A-Z, a-z, 0-9, `_`, `.` and `-`, the first a letter or digit. Upper and lower case are two tenants.
 * - `bigint`: a whole number from 1 to 9223372036854775807, without leading zeros.
 */
export type TenantIdType = 'uuid' | 'text' | 'bigint'

/** The one description of the ids of a type: what needs to tell them apart gets it as an argument. */
export interface TenantIds {
  readonly type: TenantIdType
  /** What an id must be, for messages. */
  readonly must: string
  /** Returns the canonical id; undefined for text that is no id. */
  parse(value: string): TenantId | undefined
  /** Returns a random id. */
  random(): TenantId
}

// z.uuid() rejects unusual version and variant digits, but tenant ids can come from other systems.
const uuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i
const text = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,127}$/
const bigint = /^[1-9][0-9]{0,18}$/
const bigintMax = 9_223_372_036_854_775_807n

const types: Readonly<Record<TenantIdType, TenantIds>> = {
  uuid: {
    type: 'uuid',
    must: '8-4-4-4-12 hex digits',
    parse: (value) => (uuid.test(value) ? branded(value.toLowerCase()) : undefined),
    random: () => branded(crypto.randomUUID()),
  },
  text: {
    type: 'text',
    must: '1 to 128 of A-Z, a-z, 0-9, "_", "." and "-", the first a letter or digit',
    parse: (value) => (text.test(value) ? branded(value) : undefined),
    random: () => branded(`t-${crypto.randomUUID()}`),
  },
  bigint: {
    type: 'bigint',
    must: 'a whole number from 1 to 9223372036854775807, without leading zeros',
    parse: (value) => (bigint.test(value) && BigInt(value) <= bigintMax ? branded(value) : undefined),
    random: () => branded(String(2n ** 62n + (crypto.getRandomValues(new BigUint64Array(1))[0] ?? 0n) / 8n)),
  },
}

const branded = (id: string): TenantId => id as TenantId // the one place that brands

/**
 * Returns the description of the ids of a type.
 *
 * @param type @default 'uuid'
 * @throws TypeError for another type, which JavaScript could pass
 */
export function tenantIdsOf(type: TenantIdType = 'uuid'): TenantIds {
  if (Object.hasOwn(types, type)) return types[type]
  throw new TypeError(`tenantId must be ${Object.keys(types).join(', ')} (got "${String(type)}")`)
}

/**
 * Validates a tenant's id, and converts a uuid to lower case.
 *
 * @param type the type of the ids. @default 'uuid'
 * @returns the id, or undefined when it is no id of this type
 * @throws TypeError for an unknown type
 * @example
 * parseTenantId('550E8400-E29B-41D4-A716-446655440000') // '550e8400-e29b-41d4-a716-446655440000'
 * parseTenantId('org_2NxVKb', 'text') // 'org_2NxVKb'
 */
export const parseTenantId = (value: string, type?: TenantIdType): TenantId | undefined =>
  tenantIdsOf(type).parse(value)
