import { createHmac, timingSafeEqual } from 'node:crypto'
import { z } from '@hono/zod-openapi'
import { ApiError, type Authentication, AuthenticationFailure, parseTenantId } from 'rowhouse'
import { tenantId } from '../../schema.ts'

/** How old a signed request may be, in seconds: a recorded one cannot be sent again later. */
const ageMax = 300

/** The signature of a body as the payment provider makes it: `t=1700000000,v1=5257a8…`. */
export function sign(body: Uint8Array | string, secret: string, seconds = Math.floor(Date.now() / 1000)): string {
  return `t=${seconds},v1=${createHmac('sha256', secret).update(`${seconds}.`).update(body).digest('hex')}`
}

const Signed = z.looseObject({ tenantId: z.string() })

/**
 * Verifies a webhook by the signature of its raw body. The body names the tenant, as it was given to the provider with the payment. It is
 * read after the signature has been verified, and no header can name another one.
 */
export const paymentSignature = (secret: string): Authentication => ({
  vary: [],
  async verify(c) {
    const given = c.req.header('X-Payment-Signature') ?? ''
    const seconds = Number(/^t=(\d{1,12}),/.exec(given)?.[1])
    const body = new Uint8Array(await c.req.arrayBuffer())
    if (!isEqual(given, sign(body, secret, seconds)))
      throw new AuthenticationFailure('bad-signature', 'UNAUTHORIZED', 'The signature is not valid')
    if (Math.abs(Date.now() / 1000 - seconds) > ageMax)
      throw new AuthenticationFailure('expired', 'UNAUTHORIZED', 'The signature is too old')
    const signed = Signed.safeParse(parse(body))
    const tenant = signed.success ? parseTenantId(signed.data.tenantId, tenantId) : undefined
    if (tenant === undefined) throw new ApiError('BAD_REQUEST', 'The body names no tenant')
    return { actor: 'payment-provider', tenants: [tenant] }
  },
})

function isEqual(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)]
  return a.length === b.length && timingSafeEqual(a, b)
}

function parse(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(body))
  } catch {
    return undefined
  }
}
