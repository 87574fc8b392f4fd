import { afterAll, describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import * as schema from '../../../db/schema/index.ts'
import { withTenant } from '../../../src/context/index.ts'
import { createPool } from '../../../src/database/index.ts'
import { createDirectoryEditor } from '../../../src/directory/index.ts'
import { createTestDatabase, type TestDatabaseOptions } from '../../../src/testing/index.ts'
import { createProject } from '../../cli/run.ts'
import { asOwner, main } from '../../database.ts'
import { newTenant } from '../../tenants.ts'

const root = join(import.meta.dir, '../../..')
const project = { sql: join(root, 'sql'), migrations: join(root, 'drizzle') }
const url = main.ownerUrl
const administrator = asOwner(main)

const create = (options: Partial<TestDatabaseOptions> = {}) => createTestDatabase({ url, ...project, ...options })
const count = async (pattern: string) =>
  (await administrator`select from pg_database where datname ~ ${pattern}`).length

/** A copy of the project whose SQL a test may change. */
async function copyOfProject() {
  const { folder, [Symbol.dispose]: dispose } = createProject({})
  await Bun.$`cp -r ${project.sql} ${project.migrations} ${folder}`.quiet()
  const own = { sql: join(folder, 'sql'), migrations: join(folder, 'drizzle') }
  const addSql = (text: string) => Bun.write(join(own.sql, '90-more.sql'), text)
  return { own, addSql, [Symbol.dispose]: dispose }
}

afterAll(async () => {
  for (const { datname } of await administrator`select datname from pg_database where datname ^@ 'rowhouse_template_'`)
    await administrator`drop database ${administrator(datname)}`
  for (const { rolname } of await administrator`select rolname from pg_roles where rolname ^@ 'rowhouse_test_'`)
    await administrator`drop role ${administrator(rolname)}`
})

describe('a test database', () => {
  test('is migrated, empty, and keeps tenants apart', async () => {
    await using database = await create()
    const users = (tenant: string) =>
      withTenant(tenant, () => database.db.read((tx) => tx.execute('select from users')))
    await asOwner(
      database,
    )`insert into users (tenant_id, email, name) values (${newTenant()}, 'ada@acme.example', 'Ada')`
    expect(await users(newTenant())).toHaveLength(0)
    const rows = await asOwner(database)`select email from users`
    expect(rows.map(({ email }) => email)).toEqual(['ada@acme.example'])
  })

  test('has the relational queries of the schema that it gets, and copies the same template', async () => {
    await using plain = await create()
    const templates = await count('^rowhouse_template_')
    await using database = await createTestDatabase({ url, ...project, schema })
    expect(await count('^rowhouse_template_')).toBe(templates)
    const found = withTenant(newTenant(), () => database.db.read((tx) => tx.query.users.findMany()))
    expect(await found).toEqual([])
    expect(plain.appUrl).not.toBe(database.appUrl)
  })

  test('is another one for each call, and copies one template', async () => {
    await using first = await create()
    const templates = await count('^rowhouse_template_')
    const [second, third] = await Promise.all([create(), create()])
    expect(new Set([first.appUrl, second.appUrl, third.appUrl]).size).toBe(3)
    expect(await count('^rowhouse_template_')).toBe(templates)
    await Promise.all([second.close(), third.close()])
  })

  test('has a login that edits the tenant directory, and reads no row of a tenant', async () => {
    await using database = await create()
    const connections = createPool({ url: database.directoryUrl, size: 1 })
    const tenants = createDirectoryEditor({ connections, log: { info: () => {}, error: () => {} } })
    const by = { actor: 'ada', reason: 'a test' }
    expect(await tenants.create({ slug: 'acme', name: 'Acme' }, by)).toMatchObject({ slug: 'acme', status: 'active' })
    await tenants.close()
    const login = asOwner({ ...database, ownerUrl: database.directoryUrl })
    await expect(login`select from users`.execute()).rejects.toThrow('permission denied')
  })

  test('lets only its serving role and the role of the tenant directory connect', async () => {
    await using database = await create()
    const [row] = await asOwner(database)<
      { acl: string }[]
    >`select datacl::text as acl from pg_database where datname = current_database()`
    expect(row?.acl).toMatch(
      /^\{postgres=\w+\/postgres,rowhouse_test_\w+=c\/postgres,rowhouse_test_\w+_directory=c\/postgres\}$/,
    )
  })

  test('ends with the test file', async () => {
    const ends: (() => Promise<void>)[] = []
    const { appUrl } = await create({ afterAll: (end) => ends.push(end) })
    const name = new URL(appUrl).pathname.slice(1)
    expect(await count(name)).toBe(1)
    for (const end of ends) await end()
    expect(await count(name)).toBe(0)
  })

  test('has another template after a change of the SQL, and the earlier one is dropped', async () => {
    using copy = await copyOfProject()
    await copy.addSql('select 1;')
    const before = await count('^rowhouse_template_')
    await (await create(copy.own)).close()
    expect(await count('^rowhouse_template_')).toBe(before + 1)
    await copy.addSql('create schema if not exists changed;')
    await using changed = await create(copy.own)
    expect(await count('^rowhouse_template_')).toBe(before + 1)
    expect(await asOwner(changed)`select from pg_namespace where nspname = 'changed'`).toHaveLength(1)
  })

  test('leaves no database behind when the migration fails', async () => {
    using copy = await copyOfProject()
    await copy.addSql('select 1 / 0;')
    const before = await count('^rowhouse_')
    expect(create(copy.own)).rejects.toThrow('90-more.sql')
    expect(await count('^rowhouse_')).toBeLessThanOrEqual(before + 1) // the unfinished one, which the next call drops
  })

  test('drops a test database that a killed process left days ago', async () => {
    const [old, young] = [3, 0].map((days) => `rowhouse_test_${(Date.now() - days * 86_400_000).toString(36)}_00000000`)
    for (const name of [old, young]) await administrator`create database ${administrator(name ?? '')}`
    using copy = await copyOfProject()
    await (await create(copy.own)).close()
    expect([await count(old ?? ''), await count(young ?? '')]).toEqual([0, 1])
    await administrator`drop database ${administrator(young ?? '')}`
  })

  test('names what is wrong with a URL', async () => {
    expect(create({ url: 'mysql://a@b/c' })).rejects.toThrow("The database's URL")
  })
})
