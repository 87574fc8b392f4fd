import type { Context } from 'hono'
import { ApiError } from '../errors/index.ts'

/** An entity tag of a request, without `W/` and with its quotes, as `ETag` has it. */
export interface Tag {
  readonly isWeak: boolean
  readonly text: string
}

/** What a header of a condition says: nothing, any version, or a list of versions. */
export type TagList = undefined | '*' | readonly Tag[]

const tagsMax = 50
const lengthMax = 8192

// A tag or nothing, and what ends it. A tag can contain commas. No two blanks stand side by side: a long row of blanks would take
// quadratic time. Runtimes differ in how they decode bytes from 0x80 on, so every character there is one.
const element = /[ \t]*(?:((?:W\/)?)("[!#-~\u0080-\uffff]*")[ \t]*)?(,|$)/y

/**
 * Reads `If-Match` or `If-None-Match` (RFC 9110, sections 13.1.1 and 13.1.2). A header that is sent twice is one list.
 *
 * @throws ApiError BAD_REQUEST for a malformed list, for more than 50 tags, and for more than 8192 characters
 */
export function readTags(c: Context, name: 'If-Match' | 'If-None-Match'): TagList {
  const value = c.req.header(name)
  if (value === undefined) return undefined
  if (value.trim() === '*') return '*'
  if (value.length > lengthMax) throw rejected(name, 'too_big', `Must have at most ${lengthMax} characters`)
  const tags = parseTags(value)
  if (!tags) throw rejected(name, 'invalid_format', 'Must be * or a list of entity tags, each in double quotes')
  if (tags.length > tagsMax) throw rejected(name, 'too_big', `Must have at most ${tagsMax} entity tags`)
  return tags
}

/** Parses a list of entity tags, of which some elements may be empty (section 5.6.1.2); undefined for a malformed list. */
function parseTags(value: string): Tag[] | undefined {
  const tags: Tag[] = []
  element.lastIndex = 0
  for (;;) {
    const found = element.exec(value)
    if (!found) return undefined
    const [, weak, text, end] = found
    if (text !== undefined) tags.push({ isWeak: weak !== '', text })
    if (end === '') return tags
  }
}

const rejected = (path: string, code: string, message: string): ApiError =>
  new ApiError('BAD_REQUEST', `The header ${path} is malformed`, { details: [{ path, in: 'header', code, message }] })
