import { afterAll, describe, expect, test } from 'bun:test'
import { createIsolationCheck } from '../../src/isolation/index.ts'
import { MigrationError, migrate } from '../../src/migrate/index.ts'
import { startAdminServer } from '../database/admin-server.ts'
import { connectAsAppUser, sqlstateOf } from '../db/app-user.ts'
import { startRoleServer } from './role-server.ts'

const server = await startAdminServer()
const { owner } = server
const roleServer = await startRoleServer()
const version = Number((await owner`select current_setting('server_version_num') as number`)[0]?.number)

describe('the role of administrative work', () => {
  test('has only the attributes LOGIN and BYPASSRLS', async () => {
    const [role] = await owner`
      select rolcanlogin, rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolreplication, rolinherit, rolconnlimit
      from pg_roles where rolname = 'app_admin'`
    expect(role).toEqual({
      rolcanlogin: true,
      rolsuper: false,
      rolbypassrls: true,
      rolcreaterole: false,
      rolcreatedb: false,
      rolreplication: false,
      rolinherit: false,
      rolconnlimit: 10,
    })
  })

  test('is a member of no role and owns no object', async () => {
    const memberships = await owner`select from pg_auth_members where member = 'app_admin'::regrole`
    const owned = await owner`select from pg_shdepend where refobjid = 'app_admin'::regrole and deptype = 'o'`
    expect([memberships.length, owned.length]).toEqual([0, 0])
  })

  test('has the same limits and text formats as the serving role', async () => {
    const settingsOf = async (role: string) =>
      [
        ...(await owner`select unnest(setconfig) as setting from pg_db_role_setting
        where setrole = ${role}::regrole order by 1`),
      ].map(({ setting }) => setting)
    expect(await settingsOf('app_admin')).toHaveLength(version >= 170_000 ? 8 : 7)
    expect(await settingsOf('app_admin')).toEqual(await settingsOf('app_user'))
  })

  test('may only read and write the tables of tenants', async () => {
    const [row] = await owner`
      select string_agg(distinct privilege_type, ' ' order by privilege_type) as privileges
      from pg_class, aclexplode(relacl) where oid = 'tasks'::regclass and grantee = 'app_admin'::regrole`
    expect(row?.privileges).toBe('DELETE INSERT SELECT UPDATE')
  })

  const admin = connectAsAppUser(server.adminUrl)
  test.each([
    'delete from tenancy.tenants',
    'truncate tasks',
    'create table mine (id int)',
    'create temporary table mine (id int)',
    'alter table tasks disable row level security',
    'create role mine',
    'set role app_user',
    'set role postgres',
    `select tenancy.protect('tasks')`,
  ])('may not: %s', async (text) => {
    expect(await sqlstateOf(admin.unsafe(text))).toBe('42501')
  })
})

describe('a migration', () => {
  test('keeps the password and the privileges of the role', async () => {
    const everything = async () => [
      ...(await owner`
        select relname as name, relacl::text as acl from pg_class where relacl::text ~ 'app_admin'
        union all select nspname, nspacl::text from pg_namespace where nspacl::text ~ 'app_admin'
        union all select rolname, rolpassword from pg_authid where rolname = 'app_admin' order by 1`),
    ]
    const before = await everything()
    await migrate({ url: server.ownerUrl, adminPassword: 'another' })
    await migrate({ url: server.ownerUrl })
    expect(await everything()).toEqual(before)
    expect(before.map(({ name }) => name)).toEqual([
      'app_admin',
      'audit_checkpoints',
      'audit_entries',
      'audit_logs',
      'audit_pruned',
      'audit_queue',
      'audit_trail',
      'public',
      'tasks',
      'tenancy',
      'tenant_domains',
      'tenants',
      'trash',
      'users',
    ])
  })

  test('leaves no error for the isolation check', async () => {
    const isolation = createIsolationCheck({ url: server.appUrl })
    const errors = (await isolation.inspect()).filter(({ level }) => level === 'error')
    await isolation.close()
    expect(errors).toEqual([])
  })

  test('of several databases at once creates the role once', async () => {
    const urls: string[] = []
    for (const _ of [1, 2, 3, 4]) urls.push(await roleServer.createDatabase())
    await Promise.all(urls.map((url) => migrate({ url, adminPassword: 'x' })))
    expect(await roleServer.owner`select from pg_roles where rolname = 'app_admin'`).toHaveLength(1)
  })
})

describe('an owner who may not create app_admin', () => {
  const { owner } = roleServer

  test('gets the statements for a superuser without the password, and can migrate after that', async () => {
    const { url } = await roleServer.createLandlord('createrole')
    const error = await migrate({ url, adminPassword: 's3cret' }).catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(MigrationError)
    const message = error instanceof Error ? error.message : ''
    expect(message).not.toContain('s3cret')
    const [, statements = ''] = message.match(/Run it as a superuser, then migrate again: (.*;)\n/) ?? []
    expect(statements).toStartWith('create role app_admin login bypassrls nosuperuser ')
    await owner.unsafe(statements.replace('…', 's3cret'))
    await migrate({ url, adminPassword: 's3cret' })
    const [row] = await owner`select rolbypassrls from pg_roles where rolname = 'app_admin'`
    expect(row?.rolbypassrls).toBe(true)
  })

  test('gets the statements also when app_admin exists without BYPASSRLS', async () => {
    const { url } = await roleServer.createLandlord('createrole')
    await owner.unsafe('create role app_admin login')
    const migration = migrate({ url, adminPassword: 'x' })
    await expect(migration).rejects.toThrow(
      'then migrate again: alter role app_admin bypassrls; alter role app_admin set',
    )
  })

  test('can migrate without app_admin', async () => {
    const { url } = await roleServer.createLandlord('createrole')
    await migrate({ url })
    expect(await owner`select from pg_roles where rolname = 'app_admin'`).toHaveLength(0)
  })
})

describe('the isolation check', () => {
  const errorsOf = async (url: string) => {
    const isolation = createIsolationCheck({ url })
    const findings = await isolation.inspect()
    await isolation.close()
    return findings.filter(({ level }) => level === 'error')
  }
  const isMember = expect.objectContaining({
    guarantee: 11,
    object: 'app_user',
    problem: 'the serving role is a member of app_admin',
    remedy: 'revoke app_admin from app_user;',
  })
  afterAll(async () => void (await owner.unsafe('revoke app_admin from app_user')))

  test('reports a serving role that may become app_admin', async () => {
    await owner.unsafe('grant app_admin to app_user')
    expect(await errorsOf(server.appUrl)).toContainEqual(isMember)
    await owner.unsafe('revoke app_admin from app_user')
    expect(await errorsOf(server.appUrl)).toEqual([])
  })

  test('makes a migration fail for such a serving role', async () => {
    await owner.unsafe('grant app_admin to app_user')
    await expect(migrate({ url: server.ownerUrl })).rejects.toThrow('the serving role is a member of app_admin')
  })
})
