import type { Context } from 'hono'
import { readTags } from './tag-list.ts'

/**
 * The headers of a response with a version: its `ETag`, and a `Cache-Control` that lets the client keep the response and ask before each
 * use whether it has changed.
 *
 * @param etag what {@link etagOf} or {@link rowVersion} returns
 * @example
 * once(c, db, { work, answer: (row) => ({ status: 201, data: toTask(row), headers: etagHeaders(taskVersion.etag(row.updatedAt)) }) })
 */
export const etagHeaders = (etag: string): { ETag: string; 'Cache-Control': string } => ({
  ETag: etag,
  'Cache-Control': cacheControl,
})

const cacheControl = 'private, no-cache'

/**
 * Sets the {@link etagHeaders} of a response, such as that of a PATCH.
 *
 * @example
 * setEtag(c, taskVersion.etag(row.updatedAt))
 */
export function setEtag(c: Context, etag: string): void {
  c.header('ETag', etag)
  c.header('Cache-Control', cacheControl)
}

/**
 * Sets the `ETag` of a response to GET, and compares it with the `If-None-Match` of the request by weak comparison (RFC 9110, section
 * 13.1.2). Returns true when the client has this version: respond with 304 then, which has no body.
 *
 * @throws ApiError BAD_REQUEST for a malformed `If-None-Match`
 * @example
 * if (notModified(c, taskVersion.etag(row.updatedAt))) return c.body(null, 304)
 * return ok(c, toTask(row))
 */
export function notModified(c: Context, etag: string): boolean {
  const known = readTags(c, 'If-None-Match')
  setEtag(c, etag)
  return known === '*' || known?.some(({ text }) => text === etag) === true
}
