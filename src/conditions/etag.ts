import { createHash } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import { tenantContext } from '../context/index.ts'

/** What tells the versions of a resource apart. It must be another one after each change. */
export type Version = Date | number | bigint | string

export interface EtagOptions {
  /**
   * The number of the form that the resource has on the wire. Raise it in a release that changes this form: a client then reads every
   * resource again, instead of keeping the old form.
   *
   * @default 1
   */
  wire?: number | undefined
}

/**
 * The strong entity tag of a version (RFC 9110, section 8.8.3). A tag belongs to the current tenant: a cache may send the tag that one
 * tenant got with the request of another one (RFC 9111, section 4.1), and must not be told that it has the right response. Outside of any
 * tenant the tag belongs to everybody.
 *
 * @param version a Date counts in milliseconds: of a column with finer times, pass PostgreSQL's text. A number is a safe integer
 * @throws TypeError for another number, and for an invalid date
 * @example
 * c.header('ETag', etagOf(report.revision))
 */
export const etagOf = (version: Version, { wire = 1 }: EtagOptions = {}): string =>
  `"${prefixOf(wire)}${textOf(version)}"`

/** What the tags of the current tenant begin with. */
export function prefixOf(wire: number): string {
  const tenantId = tenantContext()?.tenantId
  return tenantId === undefined ? `${wire}-` : `${wire}-${nameOf(tenantId)}-`
}

const names = new LRUCache<string, string>({ max: 10_000 })

/** A name of a tenant, in place of its id. A client that tries all ids can find the id from it: all bigints, but not all UUIDs. */
function nameOf(tenantId: string): string {
  const known = names.get(tenantId)
  if (known !== undefined) return known
  const name = createHash('sha256').update(tenantId).digest('base64url').slice(0, 16)
  names.set(tenantId, name)
  return name
}

function textOf(version: Version): string {
  if (typeof version === 'string') return encodeURIComponent(version)
  if (typeof version === 'bigint') return String(version)
  const number = version instanceof Date ? version.getTime() : version
  if (!Number.isSafeInteger(number))
    throw new TypeError(`An ETag needs a valid date or a whole number (got ${version})`)
  return version instanceof Date ? number.toString(36) : String(number)
}
