import { describe, expect, test } from 'bun:test'
import { sql } from 'drizzle-orm'
import { withTenant } from '../../../src/context/index.ts'
import { createPool, createTenantDatabase } from '../../../src/database/index.ts'
import { createIsolationCheck } from '../../../src/isolation/index.ts'
import { migrate } from '../../../src/migrate/index.ts'
import { logIn } from '../../migrate/log-in.ts'
import { failureOf } from '../../migrate/owners.ts'
import { copyProject } from '../../migrate/project.ts'
import { startRoleServer } from '../../migrate/role-server.ts'

const server = await startRoleServer()
const { owner } = server
const nameOf = (url: string) => new URL(url).pathname.slice(1)

describe('two databases of one server with two serving roles', () => {
  test('each refuses the serving role of the other', async () => {
    const [shop, crm] = [await server.createDatabase(), await server.createDatabase()]
    await migrate({ url: shop, appRole: 'shop user', appPassword: 'x' })
    await migrate({ url: crm, appPassword: 'x' })
    const as = (url: string, role: string) => logIn(server.as(nameOf(url), role, 'x'))
    expect(await as(shop, 'shop user')).toBe('shop user')
    expect(await as(crm, 'app_user')).toBe('app_user')
    expect(await as(shop, 'app_user')).toBe('42501')
    expect(await as(crm, 'shop user')).toBe('42501')
  })

  test('each refuses the administrative and the backup role of the other, and grants them nothing', async () => {
    const [shop, crm] = [await server.createDatabase(), await server.createDatabase()]
    await migrate({ url: shop, adminPassword: 'x', backupPassword: 'x' })
    await migrate({
      ...{ url: crm, appRole: 'crm_user', adminRole: 'crm admin', backupRole: 'crm backup' },
      ...{ appPassword: 'x', adminPassword: 'x', backupPassword: 'x' },
    })
    const as = (url: string, role: string) => logIn(server.as(nameOf(url), role, 'x'))
    for (const role of ['app_admin', 'app_backup'])
      expect([await as(shop, role), await as(crm, role)]).toEqual([role, '42501'])
    for (const role of ['crm admin', 'crm backup'])
      expect([await as(shop, role), await as(crm, role)]).toEqual(['42501', role])
    const [row] = await server.connect(crm)`select has_table_privilege('app_admin', 'tasks', 'SELECT') as reads`
    expect(row?.reads).toBe(false)
  })
})

describe('a serving role of another name', () => {
  const open = async () => {
    const url = await server.createDatabase()
    await migrate({ url, appRole: 'Shop "user"', appPassword: 'x' })
    return { url, appUrl: server.as(nameOf(url), encodeURIComponent('Shop "user"'), 'x') }
  }

  test('passes the isolation check without a finding', async () => {
    const { appUrl } = await open()
    const isolation = createIsolationCheck({ url: appUrl })
    const findings = await isolation.inspect().finally(() => isolation.close())
    expect(findings.filter(({ check }) => check !== 'server-release')).toEqual([])
  })

  test('reads and writes the rows of its tenant', async () => {
    const { appUrl } = await open()
    const db = createTenantDatabase({ connections: createPool({ url: appUrl, size: 1 }) })
    const count = () =>
      db.write(async (tx) => {
        await tx.execute(sql`insert into users (name, email) values ('Ada', 'ada@example.com')`)
        return await tx.execute<{ email: string }>(sql`select email from users`)
      })
    for (const _ of [1, 2])
      expect([...(await withTenant(crypto.randomUUID(), count))]).toEqual([{ email: 'ada@example.com' }])
    await db.close()
  })

  test('is the only one that a migration creates', async () => {
    await open()
    expect(await owner`select from pg_roles where rolname = 'app_user'`).toHaveLength(0)
  })

  test('stays the one of the database when a later migration does not name it', async () => {
    const { url, appUrl } = await open()
    await migrate({ url })
    expect(await owner`select from pg_roles where rolname = 'app_user'`).toHaveLength(0)
    expect(await logIn(appUrl)).toBe('Shop "user"')
  })

  test('gets a shared table by tenancy.share()', async () => {
    const { url, appUrl } = await open()
    const database = server.connect(url)
    await database.unsafe(`create table countries (code text); grant insert on countries to public;
      select tenancy.share('countries')`)
    const [row] = await database`
      select string_agg(grantee::regrole || ' ' || privilege_type, ', ') as privileges
      from pg_class, aclexplode(relacl) where oid = 'countries'::regclass and grantee <> relowner`
    expect(row?.privileges).toBe('"Shop ""user""" SELECT')
    expect(await server.connect(appUrl)`select from countries`).toHaveLength(0)
  })
})

describe('a migration', () => {
  test('creates and keeps roles of other names for an owner that is no superuser', async () => {
    const { url, database } = await server.createLandlord('createrole')
    await migrate({ url, appRole: 'shop user', appPassword: 'x' })
    await migrate({ url, appRole: 'shop user', appPassword: 'x' })
    expect(await logIn(server.as(database, 'shop user', 'x'))).toBe('shop user')
    const [row] = await server.connect(server.as(database, 'shop user', 'x'))`select count(*)::int as count from tasks`
    expect(row?.count).toBe(0)
  })

  test('keeps the serving role of a database, and prints the statements that change it', async () => {
    const url = await server.createDatabase()
    await migrate({ url, appPassword: 'x' })
    const { message } = await failureOf(migrate({ url, appRole: 'shop user', appPassword: 'x' }))
    expect(message).toContain('The serving role of this database is app_user, and DATABASE_URL logs in as shop user.')
    const [, statements = ''] = /\n(update .*;)$/.exec(message) ?? []
    await server.connect(url).unsafe(statements)
    await migrate({ url, appRole: 'shop user', appPassword: 'x' })
    const as = (role: string) => logIn(server.as(nameOf(url), role, 'x'))
    expect([await as('shop user'), await as('app_user')]).toEqual(['shop user', '42501'])
  })

  test.each([
    ['the login of the owner', { appRole: 'landlord' }],
    ['one role for two purposes', { adminRole: 'app_user', adminPassword: 'x' }],
    ['the login of the owner as administrative role', { adminRole: 'landlord', adminPassword: 'x' }],
    ['a superuser as backup role', { backupRole: 'postgres', backupPassword: 'x' }],
    ['a superuser as serving role', { appRole: 'postgres' }],
  ])('refuses %s, and changes nothing', async (_, roles) => {
    const { url } = await server.createLandlord('createrole')
    const { message } = await failureOf(migrate({ url, ...roles }))
    expect(message).toContain('needs a role of its own')
    expect(await owner`select from pg_roles where rolname = 'app_user'`).toHaveLength(0)
  })

  test.each(['', 'x'.repeat(64)])('refuses the role name "%s", which PostgreSQL would change', async (appRole) => {
    const { message } = await failureOf(migrate({ url: await server.createDatabase(), appRole }))
    expect(message).toBe(`DATABASE_URL: the name of its role must have 1 to 63 bytes (got ${appRole.length}).`)
  })

  test('keeps the default names of a database that an older release prepared', async () => {
    const url = await server.createDatabase()
    await migrate({ url, appPassword: 'x' })
    await server.connect(url)`drop table tenancy.roles`
    const { message } = await failureOf(migrate({ url, appRole: 'shop user', appPassword: 'x' }))
    expect(message).toContain('The serving role of this database is app_user')
    expect(message).toContain('migrate once without DATABASE_URL')
    await migrate({ url })
    expect((await failureOf(migrate({ url, appRole: 'shop user' }))).message).toContain('\nupdate tenancy.roles')
  })

  test('between two transactions inspects the serving role of the database', async () => {
    await using project = await copyProject()
    await project.addMigration('0900_open', 'create table shared (id int); grant select on shared to "shop user"')
    await project.addMigration('0901_outside', '-- rowhouse: no transaction\nselect 1')
    const url = await server.createDatabase()
    const { message } = await failureOf(project.migrate({ url, appRole: 'shop user' }))
    expect(message).toContain('public.shared: the serving role can reach it')
  })

  test('does not give BYPASSRLS to a role of another name that exists', async () => {
    const url = await server.createDatabase()
    await owner.unsafe(`create role reporting login password 'x'`)
    const { message } = await failureOf(migrate({ url, adminRole: 'reporting', adminPassword: 'x' }))
    expect(message).toContain('alter role reporting bypassrls;')
    const [row] = await owner`select rolbypassrls from pg_roles where rolname = 'reporting'`
    expect(row?.rolbypassrls).toBe(false)
  })
})
