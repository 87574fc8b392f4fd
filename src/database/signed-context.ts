import { createHash, createHmac, hkdfSync } from 'node:crypto'
import type { TenantId } from '../context/index.ts'
import { assertSecret } from '../text/index.ts'

/** Signs a tenant for a database that accepts only signed tenants. It returns the value of `app.current_tenant`. */
export type TenantSigner = (tenantId: TenantId) => string

/** How long a signature is valid, in seconds. The clocks of the service and of PostgreSQL must differ by less. */
const lifetimeSeconds = 60

/** The block size of SHA-256, in bytes (RFC 2104). */
const blockBytes = 64

/**
 * Creates a signer of tenants: `tenant.expiry.key.mac` (HMAC-SHA-256, RFC 2104), which sql/25-signed-context.sql verifies.
 * Injected SQL cannot forge a signature; SECURITY.md says what else it can do. Pass the same secret to `rowhouse migrate`.
 *
 * @param secret at least 32 characters
 * @param now returns the time in milliseconds since the epoch. @default Date.now
 * @throws TypeError when the secret is shorter
 * @example
 * const signer = createTenantSigner(process.env.TENANT_SIGNING_KEY)
 * const db = createTenantDatabase({ connections, signer })
 */
export function createTenantSigner(secret: string, now: () => number = Date.now): TenantSigner {
  const key = keyOf(secret)
  const id = idOf(key)
  return (tenantId) => {
    const signed = `${tenantId}.${Math.floor(now() / 1000) + lifetimeSeconds}.${id}`
    return `${signed}.${createHmac('sha256', key).update(signed).digest('hex')}`
  }
}

/** A key as sql/25-signed-context.sql stores it: PostgreSQL has SHA-256 but no HMAC, so it stores both padded keys. */
export interface SigningKey {
  /** Identifies the key in a signature. */
  id: string
  /** The key XOR the inner padding of HMAC, in hex. */
  inner: string
  /** The key XOR the outer padding of HMAC, in hex. */
  outer: string
}

/**
 * The key that a database needs to verify the signatures of a secret.
 *
 * @throws TypeError when the secret has fewer than 32 characters
 * @example
 * const { id, inner, outer } = signingKeyOf(process.env.TENANT_SIGNING_KEY)
 */
export function signingKeyOf(secret: string): SigningKey {
  const key = keyOf(secret)
  const padded = (byte: number) =>
    Buffer.from(Array.from({ length: blockBytes }, (_, index) => (key[index] ?? 0) ^ byte)).toString('hex')
  return { id: idOf(key), inner: padded(0x36), outer: padded(0x5c) }
}

function keyOf(secret: string): Buffer {
  assertSecret('The secret that signs tenants', secret)
  return Buffer.from(hkdfSync('sha256', secret, '', 'rowhouse tenant context', 32))
}
const idOf = (key: Buffer): string => createHash('sha256').update(key).digest('hex').slice(0, 8)
