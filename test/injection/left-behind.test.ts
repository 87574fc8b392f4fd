import { describe, expect, test } from 'bun:test'
import { sql } from 'drizzle-orm'
import type { TenantId } from '../../src/context/index.ts'
import type { TenantDatabase } from '../../src/database/index.ts'
import { addCarelessFunction, byFunction } from '../database/session-state.ts'
import { withTenant } from '../tenants.ts'
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
    // The next transactions would run these instead of the statements that set their tenant, of reads and of writes.
    const attack = `do $attack$ declare kept record; begin
      for kept in select name, statement, array_to_string(parameter_types, ', ') as types from pg_prepared_statements
        where statement like 'select pg_catalog.set_config(%' loop
        execute format('deallocate %I', kept.name);
        execute format('prepare %I (%s) as %s, set_config(''attack.seen'', concat(current_setting(''attack.seen'', true), $1), false)', kept.name, kept.types, kept.statement);
      end loop;
    end $attack$`
    await withTenant(own.id, () => db.read((tx) => tx.execute(sql`select 1`)))
    await run(db, own.id, by(attack))
    for (const mode of ['read', 'write'] as const)
      await withTenant(other.id, () => db[mode]((tx) => tx.execute(sql`select 1`)))
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
