import { createPool, createTenantDatabase, type TenantDatabase, type TenantTx } from 'rowhouse'
import * as schema from './schema.ts'

export { schema }
export type Database = TenantDatabase<typeof schema>
/** A transaction of one tenant, with the relational queries of the schema. */
export type Tx = TenantTx<typeof schema>

export const openDatabase = (url: string): Database =>
  createTenantDatabase({ connections: createPool({ url, size: 10 }), schema, tenantId: schema.tenantId })
