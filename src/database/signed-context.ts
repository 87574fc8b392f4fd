import { createHash, createHmac, hkdfSync } from 'node:crypto'
import type { TenantId } from '../context/index.ts'

/** Seals tenants for a database that takes no other: gives what `app.current_tenant` is set to. */
export type TenantSigner = (tenantId: TenantId) => string

/** How long a seal can begin a transaction, in seconds: clocks of the service and of PostgreSQL may differ by less. */
const lifetimeSeconds = 60

/** The block of SHA-256, in bytes (RFC 2104). */
const blockBytes = 64

/**
 * Makes seals `tenant.expiry.key.mac` (HMAC-SHA-256, RFC 2104), which sql/25-signed-context.sql verifies: whoever can only run SQL
 * cannot make one, and so cannot become another tenant. `rowhouse migrate` has to have been given the same secret.
 *
 * @param secret at least 32 characters
 * @param now the time in milliseconds
 * @example
 * const db = createTenantDatabase({ connections, seal: createTenantSigner(process.env.TENANT_SIGNING_KEY) })
 */
export function createTenantSigner(secret: string, now: () => number = Date.now): TenantSigner {
  const key = keyOf(secret)
  const id = idOf(key)
  return (tenantId) => {
    const signed = `${tenantId}.${Math.floor(now() / 1000) + lifetimeSeconds}.${id}`
    return `${signed}.${createHmac('sha256', key).update(signed).digest('hex')}`
  }
}

/** A key as sql/25-signed-context.sql keeps it: PostgreSQL has SHA-256 and no HMAC, so that it gets both halves of one. */
export interface SigningKey {
  /** Says which key has sealed. */
  id: string
  /** The key, exclusive-or'ed with the inner and the outer padding, in hex. */
  inner: string
  outer: string
}

/** What a database needs to verify the seals of a secret. */
export function signingKeyOf(secret: string): SigningKey {
  const key = keyOf(secret)
  const padded = (byte: number) =>
    Buffer.from(Array.from({ length: blockBytes }, (_, index) => (key[index] ?? 0) ^ byte)).toString('hex')
  return { id: idOf(key), inner: padded(0x36), outer: padded(0x5c) }
}

const keyOf = (secret: string): Buffer => Buffer.from(hkdfSync('sha256', secret, '', 'rowhouse tenant context', 32))
const idOf = (key: Buffer): string => createHash('sha256').update(key).digest('hex').slice(0, 8)
