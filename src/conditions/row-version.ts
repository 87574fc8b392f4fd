import { type SQL, sql } from 'drizzle-orm'
import type { PgColumn } from 'drizzle-orm/pg-core'
import type { Context } from 'hono'
import { type EtagOptions, etagOf, prefixOf, type Version } from './etag.ts'
import type { ExpectedVersion } from './expected-version.ts'
import { createPreparedWrites, type PreparedWrites } from './prepared-writes.ts'
import { readTags } from './tag-list.ts'

/** The version of the rows of a table: see {@link rowVersion}. */
export interface RowVersion<Data extends Version> extends PreparedWrites {
  /**
   * The `ETag` of a row.
   *
   * @param version the value of the column
   */
  etag(version: Data): string
  /**
   * Reads `If-Match` and `If-None-Match` of a request that changes or deletes a row (RFC 9110, section 13.1); undefined without them. A
   * weak tag in `If-Match` is no version, and a tag of another tenant, of another form or of another server neither.
   *
   * @throws ApiError BAD_REQUEST for a malformed header
   */
  expected(c: Context): ExpectedVersion | undefined
  /** The condition for the WHERE of an UPDATE or DELETE; undefined, which `and()` leaves out, when the request has none. */
  condition(expected: ExpectedVersion | undefined): SQL | undefined
}

/**
 * Makes a column the version of its rows, so that a client reads a row again only when it has changed, and overwrites no change of
 * another client. The database must give the column another value with each change, as it does with `updatedAt` of `tenantColumns()`.
 * The condition is part of the statement that writes: no other change comes between.
 *
 * @param column a column that is NOT NULL. A Date has milliseconds: a timestamp needs the precision 3, or the mode `string`
 * @param options `wire`: raise it when the form of the resource on the wire changes. @default 1
 * @throws TypeError for a column that cannot be a version
 * @example
 * export const noteVersion = rowVersion(notes.updatedAt)
 * const updateNote = (tx: TenantTx, id: string, text: string, expected?: ExpectedVersion) => writtenRow(
 *   tx.update(notes).set({ text }).where(and(eq(notes.id, id), noteVersion.condition(expected))).returning(),
 *   expected && tx.select({ id: notes.id }).from(notes).where(eq(notes.id, id)),
 * )
 */
export function rowVersion<Column extends PgColumn>(
  column: Column,
  options: EtagOptions = {},
): RowVersion<Column['_']['data'] & Version> {
  const { wire = 1 } = options
  assertVersion(column)
  const isDate = column.dataType === 'date'

  /** The text of a version that has this tag; undefined when no row of the tenant can have it. */
  function versionOf(tag: string): string | undefined {
    const prefix = `"${prefixOf(wire)}`
    if (!tag.startsWith(prefix)) return undefined
    const text = tag.slice(prefix.length, -1)
    return isDate ? dateOf(text) : textOf(text)
  }

  const versionsOf = (tags: readonly { text: string }[]): string[] =>
    tags.map(({ text }) => versionOf(text)).filter((version) => version !== undefined)

  function conditionOf({ versions, isAmong }: { [Part in keyof ExpectedVersion]: unknown }): SQL {
    // Text of every type but dates is what the client got, and a tag with other text is no error of the type.
    const value = isDate ? sql`${column}` : sql`${column}::text`
    return sql`(${value} = any(${versions})) = ${isAmong}`
  }

  return {
    etag: (version) => etagOf(version, { wire }),

    expected(c) {
      const match = readTags(c, 'If-Match')
      const none = readTags(c, 'If-None-Match')
      if (match === undefined && none === undefined) return undefined
      if (none === '*') return { versions: arrayOf([]), isAmong: true } // no row is allowed
      const excluded = versionsOf(none ?? [])
      if (match === undefined || match === '*') return { versions: arrayOf(excluded), isAmong: false }
      const allowed = versionsOf(match.filter(({ isWeak }) => !isWeak))
      return { versions: arrayOf(allowed.filter((version) => !excluded.includes(version))), isAmong: true }
    },

    condition: (expected) => expected && conditionOf(expected),

    ...createPreparedWrites(conditionOf),
  }
}

function assertVersion(column: PgColumn): void {
  const { dataType, name, notNull } = column
  const type = column.getSQLType()
  if (!notNull) throw new TypeError(`rowVersion() needs a column that is NOT NULL (got ${name})`)
  if (!['date', 'number', 'bigint', 'string'].includes(dataType) || /^(char|character|bpchar)\b(?! varying)/.test(type))
    throw new TypeError(`rowVersion() needs a column of dates, numbers or text (got ${name}, whose type is ${type})`)
  if (dataType === 'date' && !/^timestamp ?\([0-3]\)/.test(type))
    throw new TypeError(
      `rowVersion() needs a timestamp of precision 3 (got ${name}, whose type is ${type}): a Date has milliseconds, so two versions ` +
        "could have one tag. Declare it with precision: 3, or with mode: 'string'",
    )
}

/** The date of a tag, as PostgreSQL reads it. Its years have four digits. */
function dateOf(text: string): string | undefined {
  const date = new Date(Number.parseInt(text, 36))
  const time = date.getTime()
  return time.toString(36) === text && time >= firstYear && time < year10000 ? date.toISOString() : undefined
}
const firstYear = Date.parse('0001-01-01T00:00:00Z')
const year10000 = Date.UTC(10_000, 0)

/** The text of a tag; undefined for what no tag of ours contains, and for a NUL, which PostgreSQL rejects. */
function textOf(encoded: string): string | undefined {
  try {
    const text = decodeURIComponent(encoded)
    return encodeURIComponent(text) === encoded && !text.includes('\0') ? text : undefined
  } catch {
    return undefined // a malformed escape
  }
}

/** PostgreSQL's text of an array (chapter 8.15.6). */
const arrayOf = (texts: readonly string[]): string =>
  `{${texts.map((text) => `"${text.replaceAll(/["\\]/g, '\\$&')}"`).join(',')}}`
