import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto'
import { z } from 'zod'
import { OperatorError } from '../errors/index.ts'
import { assertSecret } from '../text/index.ts'
import type { Position } from './keyset.ts'

/** Encrypts places in lists into cursors, and decrypts them. */
export interface CursorTokens {
  /**
   * @param bound what the cursor is valid for
   * @throws OperatorError for keys that are too long for a URL
   */
  encrypt(position: Position, bound: string): string
  /** The place; undefined for a text that is no cursor, and for a cursor of another secret or bound to something else. */
  decrypt(token: string, bound: string): Position | undefined
}

export interface CursorSecrets {
  /** The same in every process, at least 32 characters. */
  secret: string
  /** The secret before: cursors that were made with it are still valid. @default none */
  previous?: string | undefined
}

const version = 1
const nonceBytes = 12
const tagBytes = 16
const headBytes = 1 + nonceBytes
/** The longest token. Proxies and servers refuse longer URLs. */
const tokenMax = 4096

/** Whether the place is read backward, whether it is inclusive, and its keys. */
const Payload = z.tuple([z.boolean(), z.boolean(), z.array(z.string().nullable())])

/**
 * Creates the encryption of cursors (AES-256-GCM, NIST SP 800-38D): keys of a sort can be personal, such as an e-mail address, and a
 * cursor stands in the logs of proxies. It is authenticated together with what it is bound to.
 *
 * @throws TypeError when a secret is shorter than 32 characters
 */
export function createCursorTokens({ secret, previous }: CursorSecrets): CursorTokens {
  const current = keyOf('The secret of cursors()', secret)
  const keys = previous === undefined ? [current] : [current, keyOf('The previous secret of cursors()', previous)]
  return {
    encrypt({ isBackward, isInclusive, keys: values }, bound) {
      const head = Buffer.concat([Buffer.of(version), randomBytes(nonceBytes)])
      const cipher = createCipheriv('aes-256-gcm', current, head.subarray(1)).setAAD(authenticated(bound))
      const payload = JSON.stringify([isBackward, isInclusive, values])
      const encrypted = [cipher.update(payload, 'utf8'), cipher.final()]
      const token = Buffer.concat([head, ...encrypted, cipher.getAuthTag()]).toString('base64url')
      if (token.length <= tokenMax) return token
      throw new OperatorError(
        'The values of a sort are too long for a cursor: in pages(), sort by columns that hold at most some 2,000 bytes',
      )
    },
    decrypt(token, bound) {
      if (token.length > tokenMax) return undefined
      const bytes = Buffer.from(token, 'base64url')
      // Node's decoder skips what is no base64url, so that many texts have the same bytes.
      if (bytes.toString('base64url') !== token) return undefined
      if (bytes.length < headBytes + tagBytes || bytes[0] !== version) return undefined
      const payload = keys.map((key) => decryptWith(key, bytes, bound)).find((found) => found !== undefined)
      if (payload === undefined) return undefined
      const [isBackward, isInclusive, values] = Payload.parse(JSON.parse(payload)) // authenticated: as encrypt() wrote it
      return { isBackward, isInclusive, keys: values }
    },
  }
}

function keyOf(name: string, secret: string): Buffer {
  assertSecret(name, secret)
  return Buffer.from(hkdfSync('sha256', secret, '', 'rowhouse cursor', 32))
}

const authenticated = (bound: string): Buffer => Buffer.from(`${version} ${bound}`)

function decryptWith(key: Buffer, bytes: Buffer, bound: string): string | undefined {
  const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(1, headBytes))
  decipher.setAAD(authenticated(bound)).setAuthTag(bytes.subarray(-tagBytes))
  try {
    return Buffer.concat([decipher.update(bytes.subarray(headBytes, -tagBytes)), decipher.final()]).toString()
  } catch {
    return undefined
  }
}
