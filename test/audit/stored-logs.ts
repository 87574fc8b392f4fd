import type postgres from 'postgres'
import {
  createCheckpointSigner,
  createSigningKey,
  type LogReport,
  signAuditCheckpoints,
  verifyDatabase,
} from '../../src/audit/index.ts'
import { createPool, openConnection } from '../../src/database/index.ts'
import { appendAuditLogs, runWorkerOnce } from '../../src/worker/index.ts'
import { asOwner, closeAfterwards, createDatabase } from '../database.ts'
import { newTenant, tenantColumnType } from '../tenants.ts'

/** A database whose changes are audited, with its worker and a key. */
export async function openAudited() {
  const database = await createDatabase()
  const owner = asOwner(database)
  const key = createSigningKey()
  const signer = createCheckpointSigner({ key })
  const connections = createPool({ url: database.ownerUrl, size: 1 })
  closeAfterwards(connections)
  const connection = openConnection({ url: database.ownerUrl })
  closeAfterwards(connection)
  const silent = () => {}
  const log = { info: silent, warn: silent, error: silent }
  const work = (batchSize = 1000) =>
    runWorkerOnce({ connections, log, tasks: [{ ...appendAuditLogs, batchSize }, signAuditCheckpoints(signer)] })
  return {
    ...{ database, owner, key, signer, work, connections, connection },
    verify: async (options: { checkpoints?: string[]; tenantId?: string; keys?: string[] } = {}) => {
      const reports: LogReport[] = []
      for await (const report of verifyDatabase({ connection, keys: [signer.verifierKey], ...options }))
        reports.push(report)
      return reports
    },
    /** The stored checkpoint of a tenant. */
    checkpoint: async (tenant: string) => {
      const [row] = await owner`
        select note from tenancy.audit_checkpoints where tenant_id::text = ${tenant} order by size desc limit 1`
      return String(row?.note)
    },
  }
}

/** Adds users: one entry each. Returns the tenant. */
export async function addUsers(owner: postgres.Sql, count: number, tenant = newTenant()): Promise<string> {
  await owner`
    insert into users (tenant_id, email, name)
    select ${tenant}::text::${owner.unsafe(tenantColumnType)}, gen_random_uuid() || '@ä.example', 'Ada "€" ' || n
    from generate_series(1, ${count}::int) as n`
  return tenant
}

/** What an owner of the database can do: nothing stops it. */
export async function asAttacker(owner: postgres.Sql, text: string): Promise<void> {
  await owner.begin(async (tx) => {
    await tx`set local session_replication_role = replica`
    await tx.unsafe(text)
  })
}

/** Adds the partition of January 2020. */
export async function addOldMonth(owner: postgres.Sql): Promise<void> {
  await owner.unsafe(`
    create table tenancy.audit_entries_2020_01 (like tenancy.audit_entries including all);
    alter table tenancy.audit_entries attach partition tenancy.audit_entries_2020_01 for values from ('2020-01-01') to ('2020-02-01');
    do $$ begin
      execute format('alter table tenancy.audit_entries_2020_01 owner to %I', (select name from tenancy.roles where purpose = 'recorder'));
    end $$`)
}
