import type { Context, TypedResponse } from 'hono'
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
 * A response without a body, which fits the declared responses of every route: a client gets it only when it asks for it, so the types
 * of clients do not have it.
 */
export type NotModified = Response & TypedResponse<never, never, never>

/**
 * Sets the `ETag` of a response to GET, and compares it with the `If-None-Match` of the request by weak comparison (RFC 9110, section
 * 13.1.2). Returns the response 304 when the client has this version, else undefined.
 *
 * @throws ApiError BAD_REQUEST for a malformed `If-None-Match`
 * @example
 * return notModified(c, taskVersion.etag(row.updatedAt)) ?? ok(c, toTask(row))
 */
export function notModified(c: Context, etag: string): NotModified | undefined {
  const known = readTags(c, 'If-None-Match')
  setEtag(c, etag)
  if (known !== '*' && !known?.some(({ text }) => text === etag)) return undefined
  return c.body(null, 304) as unknown as NotModified // see above
}
