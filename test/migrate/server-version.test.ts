import { expect, test } from 'bun:test'
import { migrate } from '../../src/migrate/index.ts'
import { isTooOld } from '../../src/migrate/server-version.ts'
import { asOwner, createBareDatabase } from '../database.ts'

test.each([
  ['9.6.24', true],
  ['14.23 (Debian 14.23-1.pgdg12+1)', true],
  ['15.0', false],
  ['18.4', false],
  ['19devel', false],
])('PostgreSQL %s is too old: %p', (version, expected) => {
  expect(isTooOld(version)).toBe(expected)
})

// The function of this database answers as an older server would.
test('a migration of an older server is refused, and changes nothing', async () => {
  const database = await createBareDatabase()
  const owner = asOwner(database)
  await owner.unsafe(`set allow_system_table_mods = on; create or replace function pg_catalog.current_setting(text) returns text
    language sql stable return '14.23'`)
  const refused = await migrate({ url: database.ownerUrl }).catch(String)
  expect(refused).toContain('Rowhouse needs PostgreSQL 15 or later, and this server is 14.23. Nothing was changed.')
  expect(await owner`select from pg_namespace where nspname = 'tenancy'`).toHaveLength(0)
})
