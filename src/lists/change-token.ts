import { getTableConfig, type PgTable } from 'drizzle-orm/pg-core'
import { TenantRequired, tenantContext } from '../context/index.ts'
import { createEncryption } from '../text/index.ts'
import type { CursorSecrets } from './cursor-token.ts'

/** Encrypts positions of the log of a tenant, from which a client reads the changes of a table. */
export interface ChangeTokens {
  /** @param position a whole number of up to 19 digits */
  encrypt(position: string, table: PgTable): string
  /** The position; undefined for a text that is no token, and for one of another tenant, table or secret. */
  decrypt(token: string, table: PgTable): string | undefined
}

/** The longest token is much shorter. */
const tokenMax = 200

/**
 * Creates the encryption of positions: they say how much the whole tenant has changed.
 *
 * @throws TypeError when a secret is shorter than 32 characters
 */
export function createChangeTokens({ secret, previous }: CursorSecrets): ChangeTokens {
  const encryption = createEncryption({ tokens: 'cursors()', info: 'rowhouse changes 1', secret, previous })
  return {
    encrypt: (position, table) => encryption.encrypt(Buffer.from(position), boundTo(table)),
    decrypt(token, table) {
      const position = token.length > tokenMax ? undefined : encryption.decrypt(token, boundTo(table))
      return position && Buffer.from(position).toString()
    },
  }
}

/** @throws TenantRequired outside of a tenant */
function boundTo(table: PgTable): string {
  const tenantId = tenantContext()?.tenantId
  if (tenantId === undefined) throw new TenantRequired()
  return JSON.stringify([tenantId, resourceOf(table)])
}

/** The name of a table in the audit trail. */
export function resourceOf(table: PgTable): string {
  const { schema = 'public', name } = getTableConfig(table)
  return schema === 'public' ? name : `${schema}.${name}`
}
