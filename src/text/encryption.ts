import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto'
import { assertSecret } from './assert-secret.ts'

/** Encrypts data into tokens that clients carry, and decrypts them. */
export interface Encryption {
  /** @param bound what the token is valid for, such as a tenant: it is authenticated with the data */
  encrypt(data: Uint8Array, bound: string): string
  /** The data; undefined for a text that is no token, and for a token of another secret or bound to something else. */
  decrypt(token: string, bound: string): Uint8Array | undefined
}

const cipherName = 'aes-256-gcm'
const nonceBytes = 12
const tagBytes = 16

/**
 * Creates the encryption of tokens: AES-256-GCM with a random nonce (NIST SP 800-38D), in base64url (RFC 4648).
 *
 * @param tokens what the tokens are, for messages: `bookmarks`
 * @param info separates the key of these tokens from other keys of the same secret (HKDF, RFC 5869)
 * @param secret the same in every process, at least 32 characters
 * @param previous the secret that this one replaces: what it encrypted is still decrypted
 * @throws TypeError when a secret is shorter
 * @example
 * const encryption = createEncryption({ tokens: 'bookmarks', info: 'rowhouse bookmark', secret })
 * encryption.decrypt(encryption.encrypt(data, tenantId), tenantId) // data
 */
export function createEncryption(options: {
  tokens: string
  info: string
  secret: string
  previous?: string | undefined
}): Encryption {
  const { tokens, info, secret, previous } = options
  const key = keyOf(`The secret of ${tokens}`, secret, info)
  const keys = previous === undefined ? [key] : [key, keyOf(`The previous secret of ${tokens}`, previous, info)]
  return {
    encrypt(data, bound) {
      const nonce = randomBytes(nonceBytes)
      const cipher = createCipheriv(cipherName, key, nonce).setAAD(Buffer.from(bound))
      return Buffer.concat([nonce, cipher.update(data), cipher.final(), cipher.getAuthTag()]).toString('base64url')
    },
    decrypt(token, bound) {
      const bytes = Buffer.from(token, 'base64url')
      // Node's decoder skips what is no base64url, so that many texts have the same bytes.
      if (bytes.toString('base64url') !== token) return undefined
      if (bytes.length < nonceBytes + tagBytes) return undefined
      for (const each of keys) {
        const data = decryptWith(each, bytes, bound)
        if (data) return data
      }
      return undefined
    },
  }
}

function keyOf(name: string, secret: string, info: string): Buffer {
  assertSecret(name, secret)
  return Buffer.from(hkdfSync('sha256', secret, '', info, 32))
}

function decryptWith(key: Buffer, bytes: Buffer, bound: string): Buffer | undefined {
  const decipher = createDecipheriv(cipherName, key, bytes.subarray(0, nonceBytes))
  decipher.setAAD(Buffer.from(bound)).setAuthTag(bytes.subarray(-tagBytes))
  try {
    return Buffer.concat([decipher.update(bytes.subarray(nonceBytes, -tagBytes)), decipher.final()])
  } catch {
    return undefined // not authentic
  }
}
