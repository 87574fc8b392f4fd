import { describe, expect, test } from 'bun:test'
import { sql } from 'drizzle-orm'
import { type TenantId, withTenant } from '../../src/context/index.ts'
import type { TenantDatabase } from '../../src/database/index.ts'
import { addCarelessFunction, byFunction } from '../database/session-state.ts'
import { createTenant, openSignedDatabase } from './stage.ts'

// What a whole injected statement leaves behind for the next tenant of its connection: nothing. Each attack is tried as a statement,
// which is refused, and by a function of the owner that runs any text.

const { db, database } = await openSignedDatabase()
await addCarelessFunction(database)

/** Runs a statement that a tenant injects. */
const run = (db: TenantDatabase, tenant: TenantId, text: string) =>
  withTenant(tenant, () => db.write((tx) => tx.execute(sql.raw(text)))).catch(() => [])

const ways: [string, (text: string) => string][] = [
  ['as a statement', (text) => text],
  ['by a function', byFunction],
]

describe.each(ways)('%s', (_way, by) => {
  test('a statement left behind does not see the signature of the next tenant', async () => {
    const [own, other] = [await createTenant(db), await createTenant(db)]
    // The next transaction would run this instead of the statement that sets its tenant.
    const attack = `do $attack$ declare kept record; begin
      select name, statement into kept from pg_prepared_statements where statement like 'select %set_config(%' limit 1;
      execute format('deallocate %I', kept.name);
      execute format('prepare %I (text, text, text, text) as %s, set_config(''attack.seen'', concat(current_setting(''attack.seen'', true), $2), false)', kept.name, kept.statement);
    end $attack$`
    await run(db, own.id, by(attack))
    await withTenant(other.id, () => db.read((tx) => tx.execute(sql`select 1`)))
    const [row] = await run(db, own.id, `select current_setting('attack.seen', true) as seen`)
    expect(row?.seen ?? '').toBe('')
  })

  test('a setting left behind does not reach the next tenant', async () => {
    const [own, other] = [await createTenant(db), await createTenant(db)]
    await run(db, own.id, by(`set statement_timeout = '7s'`))
    const after = await run(db, other.id, `select current_setting('statement_timeout') as after`)
    expect(after).toEqual([{ after: '10s' }] as never)
  })
})
