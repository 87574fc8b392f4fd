import type postgres from 'postgres'
import { createApp } from '../../src/service/app.ts'
import type { Target } from '../../src/testing/index.ts'
import { deps } from '../app.ts'
import { asOwner, createDatabase, open } from '../database.ts'
import { type Operation, operationsOf } from './operations.ts'

/** The whole app on its own database, for a property. */
export interface Stage {
  target: Target
  operations: Operation[]
  /** Removes every row of every tenant. */
  clear(): Promise<void>
}

/** @param breaking statements of the owner that break the isolation of tenants */
export async function prepareStage(breaking: string[] = []): Promise<Stage & { owner: postgres.Sql }> {
  const database = await createDatabase()
  const owner = asOwner(database)
  for (const statement of breaking) await owner.unsafe(statement)
  // Entries of the audit trail do not change, and one property begins without any.
  const trail =
    await owner`select oid::regclass::text as name from pg_class where oid in (select tgrelid from pg_trigger where tgname = 'refuse_audit_change')`
  for (const { name } of trail) await owner.unsafe(`alter table ${name} disable trigger user`)
  const found = await owner`
    select format('%I.%I', table_schema, table_name) as name
    from information_schema.columns join information_schema.tables using (table_schema, table_name)
    where column_name = 'tenant_id' and table_type = 'BASE TABLE' and table_schema not in ('information_schema', 'pg_catalog')`
  const tables = found.map(({ name }) => name).join(', ')
  const target = createApp({ ...deps, db: open(database) })
  const operations = operationsOf(await (await target.request('/openapi.json')).json())
  // The entries of the audit trail refuse it by a trigger.
  const clear = async () =>
    void (await owner.unsafe(`set local session_replication_role = replica; truncate ${tables}`))
  return { target, operations, owner, clear }
}
