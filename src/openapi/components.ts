import { tenantIdsOf } from '../context/internal.ts'
import { idempotencyKeyPattern } from '../text/index.ts'
import type { DocumentOptions } from './document-options.ts'

const referTo = (name: string) => ({ [name]: { $ref: `#/components/headers/${name}` } })
const rateHeaders = {
  'RateLimit-Limit': 'The requests of a window',
  'RateLimit-Remaining': 'The requests that are left in this window',
  'RateLimit-Reset': 'The seconds until the next window',
  'RateLimit-Policy': 'The quota and the window in seconds',
}

/** The headers of a response, as references. */
export const headersOf = (
  { isOfTenants, isWrite, isReplayable }: { isOfTenants: boolean; isWrite: boolean; isReplayable: boolean },
  { bookmarks, rateLimit }: DocumentOptions,
) => ({
  ...referTo('X-Request-Id'),
  ...(isOfTenants && isWrite && bookmarks ? referTo('Bookmark') : {}),
  ...(isReplayable ? referTo('Idempotency-Replayed') : {}),
  ...(isOfTenants && rateLimit ? Object.assign({}, ...Object.keys(rateHeaders).map(referTo)) : {}),
})

const key = {
  name: 'Idempotency-Key',
  in: 'header',
  required: false,
  description:
    'A key of your own for this request, such as a UUID. The same request under the same key is answered again for 24 hours, and nothing is done twice',
  // Without an example: Swagger UI would send it, and two requests would be one.
  schema: { type: 'string', minLength: 1, maxLength: 255, pattern: idempotencyKeyPattern },
}
/** The parameter of an operation that refuses requests without a key. */
export const requiredKey = { ...key, required: true }

/** The security of the operations of tenants: a token names the tenant itself, or comes with the header. */
export function securityOf({ security, bearer = false, tenantHeader }: DocumentOptions): Record<string, string[]>[] {
  if (security) return security
  const header = tenantHeader ? { tenant: [] } : {}
  if (!bearer) return tenantHeader ? [header] : []
  return tenantHeader ? [{ bearer: [] }, { bearer: [], ...header }] : [{ bearer: [] }]
}

/** The components that operations of tenants refer to. */
export function documentComponents({ tenantHeader, tenantId, bearer, bookmarks, rateLimit }: DocumentOptions) {
  const text = { type: 'string' }
  return {
    securitySchemes: {
      ...(bearer ? { bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } } : {}),
      ...(tenantHeader
        ? {
            tenant: {
              type: 'apiKey',
              in: 'header',
              name: tenantHeader.name,
              description: `The tenant of a request: ${tenantIdsOf(tenantId).must}. For example ${tenantHeader.example}`,
            },
          }
        : {}),
    },
    headers: {
      'X-Request-Id': { description: 'The id of the request, as in the log', schema: text },
      'Idempotency-Replayed': {
        description: 'Whether this is the stored answer of an earlier request with the same `Idempotency-Key`',
        schema: { type: 'string', const: 'true' },
      },
      ...(bookmarks
        ? {
            Bookmark: {
              description:
                'The position of this write, when the request had a `Bookmark`. Send it with the next requests of the session',
              schema: text,
            },
          }
        : {}),
      ...(rateLimit
        ? Object.fromEntries(
            Object.entries(rateHeaders).map(([name, description]) => [name, { description, schema: text }]),
          )
        : {}),
    },
    parameters: {
      'Idempotency-Key': key,
      ...(bookmarks
        ? {
            Bookmark: {
              name: 'Bookmark',
              in: 'header',
              required: false,
              description:
                'Lets a session read its own writes from a replica. Start with `none`, then send the last `Bookmark` of a response',
              schema: text,
            },
          }
        : {}),
    },
  }
}
