import { catalogue, type ErrorCode } from '../../src/errors/index.ts'

/** The part of a page that the catalogue does not contain. */
interface ErrorText {
  /** The situations that produce the code. */
  when: string[]
  /** What the client should do. */
  client: string
  /** Response headers of this failure, with their meaning. */
  headers?: Record<string, string>
}

const retryAfter = { 'Retry-After': 'the number of seconds to wait before the next attempt' }
const close = { Connection: '`close`: the rest of the body is not read' }
const ownCode =
  'Rowhouse itself never responds with this code. It is for handlers of your own, and for other middleware.'

const texts: Record<ErrorCode, ErrorText> = {
  BAD_REQUEST: {
    when: [
      'The body is not valid JSON, is not UTF-8, nests deeper than 64 levels, or has more than 1000 fields.',
      'The tenant id is malformed, or the request names several.',
      'The `Authorization` header, the `Host` header or the request target is malformed.',
      'The request carries two credentials, such as a token and a session.',
      'PostgreSQL rejects a value that the schema allows, such as a date that does not exist.',
    ],
    client: 'Correct the request. The message names the part that is malformed.',
    headers: { 'WWW-Authenticate': 'the error of a malformed `Authorization` header (RFC 6750)' },
  },
  VALIDATION_FAILED: {
    when: [
      'A path parameter, a query parameter, a header or the body does not match the schema of the route.',
      'The request violates a check constraint, a NOT NULL constraint or a length limit of the database.',
      'The request changes nothing, or a column that only the database writes: the tenant, the id, the time of creation.',
      'The request creates a row of another tenant.',
    ],
    client:
      'Read `error.details`: each entry has the `path` of a field, a `code` and a `message`. `in` names the place when it is not the body. The first 20 problems are listed; of more, a last entry with the code `more_problems` has the number.',
  },
  UNAUTHORIZED: {
    when: [
      'The request has no bearer token, or no session.',
      'The token is expired, not valid yet, signed with an unknown key, or has a wrong issuer or audience.',
    ],
    client: 'Get a new token from the identity provider, and repeat the request with it.',
    headers: { 'WWW-Authenticate': 'the scheme `Bearer`, and the error of the token (RFC 6750)' },
  },
  FORBIDDEN: {
    when: [
      'The request names no tenant.',
      'The token is valid, but not for this tenant.',
      'The tenant is unknown or suspended.',
      'The request did not come through the gateway.',
      'The caller does not have the permission of the route in this tenant. The message names it.',
    ],
    client: 'Send the tenant that the credentials are for. Repeating the same request does not help.',
  },
  NOT_FOUND: {
    when: [
      'No route has this path.',
      'The resource does not exist. A resource of another tenant is indistinguishable from a missing one.',
    ],
    client: 'Check the path and the id.',
  },
  METHOD_NOT_ALLOWED: {
    when: ['The path exists, but not for this method.'],
    client: 'Use a method of the `Allow` header.',
    headers: { Allow: 'the methods of the path' },
  },
  REQUEST_TIMEOUT: {
    when: ['The body did not arrive completely within `REQUEST_TIMEOUT_MS`.'],
    client: 'Repeat the request on a new connection.',
    headers: close,
  },
  CONFLICT: {
    when: [
      'A unique constraint of the tenant is violated: another resource has this value.',
      'A DELETE names a resource that other resources refer to.',
      'A deleted row cannot be restored: a row to which it refers is missing, or another one has its key ([trash](../trash.md)).',
      'A concurrent transaction changed the same rows (serialization failure, deadlock or lock timeout).',
      'Another request with the same `Idempotency-Key` is under way ([retries](../retries.md)).',
      'Something stands in the way of an [undo](../undo.md): `error.details` name the rows.',
    ],
    client:
      'With `Retry-After`, repeat the request. Without it, read the current state and change the request: `error.details` names the field whose value is taken.',
    headers: { 'Retry-After': 'present only after a conflict with a concurrent transaction or request' },
  },
  GONE: {
    when: [
      'Changes are read [from a position](../changes.md) of which later changes were pruned.',
      'A handler of your own throws it.',
    ],
    client: 'Read the list again, and follow its changes from there. Another resource does not come back.',
  },
  PRECONDITION_FAILED: {
    when: [
      'A PATCH or DELETE has `If-Match`, and the resource has none of its versions: another client has changed it. Nothing was written.',
      'A PATCH or DELETE has `If-None-Match` with the version of the resource, or with `*`.',
    ],
    client:
      'Read the current state of the resource, apply the change to it, and repeat the request with its `ETag` ([conditional requests](../conditional-requests.md)).',
  },
  PAYLOAD_TOO_LARGE: {
    when: ['The body is larger than `BODY_LIMIT_BYTES`.'],
    client: 'Send a smaller body. The message contains the limit in bytes.',
    headers: close,
  },
  UNSUPPORTED_MEDIA_TYPE: {
    when: ['The `Content-Type` of a body is missing, is not JSON, or has a charset other than UTF-8.'],
    client: 'Send JSON in UTF-8 with `Content-Type: application/json`.',
  },
  INVALID_REFERENCE: {
    when: ['A field contains the id of a resource that does not exist in this tenant.'],
    client: 'Read `error.details`, which name the field. Send the id of an existing resource of the same tenant.',
  },
  IDEMPOTENCY_KEY_REUSED: {
    when: [
      'The `Idempotency-Key` of the request belongs to another request of the same caller: its query or its body differs.',
    ],
    client: 'Send a request that differs under a key of its own. To repeat a request, send it unchanged.',
  },
  UNPROCESSABLE_ENTITY: {
    when: [ownCode],
    client: 'Change the request: it is well-formed, but cannot be processed.',
  },
  TOO_MANY_REQUESTS: {
    when: ['The tenant has used up its rate limit.', 'The tenant has too many requests in progress and in the queue.'],
    client: 'Wait for the seconds in `Retry-After`, and repeat the request.',
    headers: {
      ...retryAfter,
      'RateLimit-Limit, RateLimit-Remaining, RateLimit-Reset, RateLimit-Policy':
        'the quota of the tenant, when a rate limit is configured; also present in other responses',
    },
  },
  INTERNAL_SERVER_ERROR: {
    when: ['The service has a bug or a wrong configuration. The log line with the same request id has the cause.'],
    client: 'Report the request id to the operator.',
  },
  NOT_IMPLEMENTED: { when: [ownCode], client: 'Do not repeat the request.' },
  BAD_GATEWAY: { when: [ownCode], client: 'Repeat the request later.' },
  SERVICE_UNAVAILABLE: {
    when: [
      'The database does not respond, rejects connections, or no connection is free in time.',
      'The request took longer than `REQUEST_TIMEOUT_MS`, or a statement longer than its timeout.',
      'The identity provider does not respond, and no key of it is cached.',
      'The connection was lost during COMMIT: the write may have happened or not.',
      '`GET /ready` was sent to a process that is stopping.',
    ],
    client:
      'Repeat the request after `Retry-After`. Before repeating a write that must not happen twice, read the current state.',
    headers: retryAfter,
  },
  GATEWAY_TIMEOUT: { when: [ownCode], client: 'Repeat the request later.' },
}

const generated = '<!-- Written by `bun run docs`. Do not edit: a test compares. -->'
const list = (items: string[]): string => items.map((item) => `- ${item}`).join('\n')

function errorPage(code: ErrorCode): string {
  const { status, message } = catalogue[code]
  const { when, client, headers = {} } = texts[code]
  const headerList = Object.entries(headers).map(([names, meaning]) => {
    const quoted = names.split(', ').map((name) => `\`${name}\``)
    return `${quoted.join(', ')}: ${meaning}`
  })
  return `${[
    `# ${code}`,
    generated,
    `Status ${status}. Default message: "${message}".`,
    '## When',
    list(when),
    '## What the client does',
    client,
    ...(headerList.length > 0 ? ['## Headers', list(headerList)] : []),
    '[All error codes](README.md)',
  ].join('\n\n')}\n`
}

function errorList(codes: ErrorCode[]): string {
  const rows = codes.map((code) => `| [${code}](${code}.md) | ${catalogue[code].status} | ${catalogue[code].message} |`)
  return `${[
    '# Error codes',
    generated,
    'A failure has the body `{ "success": false, "error": { "code", "message", "details" }, "requestId", … }`. Codes are stable: compare `error.code`, not `error.message`. The body of a 5xx never contains more than the default message. With `PROBLEM_JSON=on`, a client that accepts `application/problem+json` (RFC 9457) gets the same code there.',
    'An exception of other middleware whose status has no code here gets the standard name of its status, such as `URI_TOO_LONG` for 414.',
    ['| code | status | default message |', '| --- | --- | --- |', ...rows].join('\n'),
  ].join('\n\n')}\n`
}

const codes = Object.keys(catalogue) as ErrorCode[] // Object.keys does not keep the type of the keys

/** The pages of docs/errors, by path. */
export const errorPages: Record<string, string> = {
  'docs/errors/README.md': errorList(codes),
  ...Object.fromEntries(codes.map((code) => [`docs/errors/${code}.md`, errorPage(code)])),
}
