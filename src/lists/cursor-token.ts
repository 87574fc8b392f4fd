import { z } from 'zod'
import { OperatorError } from '../errors/index.ts'
import { createEncryption } from '../text/index.ts'
import type { Position } from './keyset.ts'

/** What a cursor holds. */
export interface Cursor extends Position {
  /** The position of the tenant's log when the first page was read, for a list whose changes can be followed. */
  readonly changes?: string | undefined
}

/** Encrypts places in lists into cursors, and decrypts them. */
export interface CursorTokens {
  /**
   * @param bound what the cursor is valid for
   * @throws OperatorError for keys that are too long for a URL
   */
  encrypt(cursor: Cursor, bound: string): string
  /** The place; undefined for a text that is no cursor, and for a cursor of another secret or bound to something else. */
  decrypt(token: string, bound: string): Cursor | undefined
}

export interface CursorSecrets {
  /** The same in every process, at least 32 characters. */
  secret: string
  /** The secret before: cursors that were made with it are still valid. @default none */
  previous?: string | undefined
}

/** The longest token. Proxies and servers refuse longer URLs. */
const tokenMax = 4096

/** Whether the place is read backward, whether it is inclusive, its keys, and the position of the log. */
const Payload = z.tuple([z.boolean(), z.boolean(), z.array(z.string().nullable()), z.string().optional()])

/**
 * Creates the encryption of cursors: keys of a sort can be personal, such as an e-mail address, and a cursor stands in the logs of
 * proxies. It is authenticated together with what it is bound to.
 *
 * @throws TypeError when a secret is shorter than 32 characters
 */
export function createCursorTokens({ secret, previous }: CursorSecrets): CursorTokens {
  // The number is the version of the payload: a cursor of another version is no cursor.
  const encryption = createEncryption({ tokens: 'cursors()', info: 'rowhouse cursor 1', secret, previous })
  return {
    encrypt({ isBackward, isInclusive, keys, changes }, bound) {
      const payload = [isBackward, isInclusive, keys, ...(changes === undefined ? [] : [changes])]
      const token = encryption.encrypt(Buffer.from(JSON.stringify(payload)), bound)
      if (token.length <= tokenMax) return token
      throw new OperatorError(
        'The values of a sort are too long for a cursor: in pages(), sort by columns that hold at most some 2,000 bytes',
      )
    },
    decrypt(token, bound) {
      const payload = token.length > tokenMax ? undefined : encryption.decrypt(token, bound)
      if (payload === undefined) return undefined
      const [isBackward, isInclusive, keys, changes] = Payload.parse(JSON.parse(Buffer.from(payload).toString())) // authenticated: as encrypt() wrote it
      return { isBackward, isInclusive, keys, ...(changes === undefined ? {} : { changes }) }
    },
  }
}
