import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto'
import { assertSecret } from '../text/index.ts'

/** Encrypts transaction ids into bookmarks, and decrypts them. */
export interface Bookmarks {
  encrypt(transactionId: string, tenantId: string): string
  /** The transaction id; undefined for a malformed bookmark and for one of another tenant or of a secret that is not accepted. */
  decrypt(bookmark: string, tenantId: string): string | undefined
}

const nonceBytes = 12
const idBytes = 8
const tagBytes = 16

/**
 * Creates the encryption of bookmarks. A plain transaction id would reveal how much all tenants write, so a bookmark is
 * encrypted and bound to its tenant (AES-256-GCM, NIST SP 800-38D). All bookmarks have the same length.
 *
 * @param secret the same in every process of the service, at least 32 characters
 * @param previous the secret that this one replaces: what it encrypted is still decrypted
 * @throws TypeError when a secret is shorter
 */
export function createBookmarks(secret: string, previous?: string): Bookmarks {
  const key = keyOf('The secret of bookmarks', secret)
  const keys = previous === undefined ? [key] : [key, keyOf('The previous secret of bookmarks', previous)]
  return {
    encrypt(transactionId, tenantId) {
      const nonce = randomBytes(nonceBytes)
      const id = Buffer.alloc(idBytes)
      id.writeBigUInt64BE(BigInt(transactionId))
      const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(tenantId))
      return Buffer.concat([nonce, cipher.update(id), cipher.final(), cipher.getAuthTag()]).toString('base64url')
    },
    decrypt(bookmark, tenantId) {
      const bytes = Buffer.from(bookmark, 'base64url')
      if (bytes.length !== nonceBytes + idBytes + tagBytes) return undefined
      for (const each of keys) {
        const id = decryptWith(each, bytes, tenantId)
        if (id !== undefined) return id
      }
      return undefined
    },
  }
}

function keyOf(name: string, secret: string): Buffer {
  assertSecret(name, secret)
  return Buffer.from(hkdfSync('sha256', secret, '', 'rowhouse bookmark', 32))
}

function decryptWith(key: Buffer, bytes: Buffer, tenantId: string): string | undefined {
  const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, nonceBytes))
  decipher.setAAD(Buffer.from(tenantId)).setAuthTag(bytes.subarray(-tagBytes))
  try {
    const id = Buffer.concat([decipher.update(bytes.subarray(nonceBytes, -tagBytes)), decipher.final()])
    return String(id.readBigUInt64BE())
  } catch {
    return undefined
  }
}
