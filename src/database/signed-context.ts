import { createHash, createHmac, hkdfSync } from 'node:crypto'
import type { TenantId } from '../context/index.ts'
import { assertSecret } from '../text/index.ts'

/**
 * Signs a tenant for a database that accepts only signed tenants. It returns the value of `app.current_tenant`, which holds with this
 * actor and this request id only.
 */
export type TenantSigner = (tenantId: TenantId, caller?: SignedCaller) => string

/** What is signed beside the tenant. */
export interface SignedCaller {
  actor?: string | undefined
  requestId?: string | undefined
}

/** How long a signature is valid, in seconds. The clocks of the service and of PostgreSQL must differ by less. */
const lifetimeSeconds = 60

/** The block size of SHA-256, in bytes (RFC 2104). */
const blockBytes = 64

/**
 * Creates a signer of tenants: `v2.key.expiry.mac.actor.request id.tenant` (HMAC-SHA-256, RFC 2104; the actor and the request id in
 * base64url, RFC 4648), which sql/25-signed-context.sql verifies. Injected SQL can neither forge a signature nor change the actor;
 * SECURITY.md says what else it can do. Pass the same secret to `rowhouse migrate`.
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
  return (tenantId, { actor = '', requestId = '' } = {}) => {
    const head = `v2.${id}.${Math.floor(now() / 1000) + lifetimeSeconds}.`
    const rest = `${base64url(actor)}.${base64url(requestId)}.${tenantId}`
    return `${head}${createHmac('sha256', key)
      .update(head + rest)
      .digest('hex')}.${rest}`
  }
}

const base64url = (text: string): string => (text === '' ? '' : Buffer.from(text).toString('base64url'))

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
