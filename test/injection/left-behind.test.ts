import { expect, test } from 'bun:test'
import { sql } from 'drizzle-orm'
import { type TenantId, withTenant } from '../../src/context/index.ts'
import type { TenantDatabase } from '../../src/database/index.ts'
import { createTenant, openSigned } from './stage.ts'

// What a whole injected statement leaves behind for the next tenant of its connection. The tests say what is right, and are marked
// as failing while it does not hold (SECURITY.md, "A whole statement"): a test that begins to pass turns red until its mark is gone.

/** Runs a statement that a tenant injects. */
const run = (db: TenantDatabase, tenant: TenantId, text: string) =>
  withTenant(tenant, () => db.write((tx) => tx.execute(sql.raw(text)))).catch(() => [])

// Behind PgBouncer, which prepares under names of its own, this form of the attack sees nothing. Other forms were not tried.
const direct = process.env.TEST_POOLER ? test.skip : test.failing

direct('a statement left behind does not see the signature of the next tenant', async () => {
  const db = await openSigned()
  const [own, other] = [await createTenant(db), await createTenant(db)]
  // The next transaction runs this instead of the statement that sets its tenant.
  await run(
    db,
    own.id,
    `do $attack$ declare kept record; begin
      select name, statement into kept from pg_prepared_statements where statement like 'select pg_catalog.set_config(%'
        and statement not like '%read_only%';
      execute format('deallocate %I', kept.name);
      execute format('prepare %I (text, text) as %s, set_config(''attack.seen'', concat(current_setting(''attack.seen'', true), $1), false)', kept.name, kept.statement);
    end $attack$`,
  )
  await withTenant(other.id, () => db.write((tx) => tx.execute(sql`select 1`)))
  const seen = await run(db, own.id, `select current_setting('attack.seen', true) as seen`)
  expect(JSON.stringify(seen)).not.toContain(other.id)
})

test.failing('a setting left behind does not reach the next tenant', async () => {
  const db = await openSigned()
  const [own, other] = [await createTenant(db), await createTenant(db)]
  await run(db, own.id, `set statement_timeout = '7s'`)
  const after = await run(db, other.id, `select current_setting('statement_timeout') as after`)
  expect(after).not.toEqual([{ after: '7s' }])
})
