declare const brand: unique symbol

/** A tenant's id: 8-4-4-4-12 hex digits in lower case, of any version. Only {@link parseTenantId} creates one. */
export type TenantId = string & { readonly [brand]: 'TenantId' }

// z.uuid() rejects unusual version and variant digits, but tenant ids can come from other systems.
const shape = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

/**
 * Validates a tenant's id and converts it to lower case.
 *
 * @returns the id, or undefined when it is not 8-4-4-4-12 hex digits
 * @example
 * parseTenantId('550E8400-E29B-41D4-A716-446655440000') // '550e8400-e29b-41d4-a716-446655440000'
 */
export const parseTenantId = (value: string): TenantId | undefined =>
  shape.test(value) ? (value.toLowerCase() as TenantId) : undefined // the one place that brands
