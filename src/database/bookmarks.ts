import { createEncryption } from '../text/index.ts'

/** Encrypts transaction ids into bookmarks, and decrypts them. */
export interface Bookmarks {
  encrypt(transactionId: string, tenantId: string): string
  /** The transaction id; undefined for a malformed bookmark and for one of another tenant or of a secret that is not accepted. */
  decrypt(bookmark: string, tenantId: string): string | undefined
}

const idBytes = 8

/**
 * Creates the encryption of bookmarks. A plain transaction id would reveal how much all tenants write, so a bookmark is
 * encrypted and bound to its tenant. All bookmarks have the same length.
 *
 * @param secret the same in every process of the service, at least 32 characters
 * @param previous the secret that this one replaces: what it encrypted is still decrypted
 * @throws TypeError when a secret is shorter
 */
export function createBookmarks(secret: string, previous?: string): Bookmarks {
  const encryption = createEncryption({ tokens: 'bookmarks', info: 'rowhouse bookmark', secret, previous })
  return {
    encrypt(transactionId, tenantId) {
      const id = Buffer.alloc(idBytes)
      id.writeBigUInt64BE(BigInt(transactionId))
      return encryption.encrypt(id, tenantId)
    },
    decrypt(bookmark, tenantId) {
      const id = encryption.decrypt(bookmark, tenantId)
      return id && String(Buffer.from(id).readBigUInt64BE())
    },
  }
}
