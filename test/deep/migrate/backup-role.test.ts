import { describe, expect, test } from 'bun:test'
import { createIsolationCheck } from '../../../src/isolation/index.ts'
import { migrate } from '../../../src/migrate/index.ts'
import { failureOf } from '../../migrate/owners.ts'
import { startRoleServer } from '../../migrate/role-server.ts'

const server = await startRoleServer()
const { owner } = server

describe('the role of backups', () => {
  test('is created only when a password is given', async () => {
    await migrate({ url: await server.createDatabase() })
    expect(await owner`select from pg_roles where rolname = 'app_backup'`).toHaveLength(0)
  })

  test('bypasses row-level security, reads every table, writes none, and has no other attribute', async () => {
    const url = await server.createDatabase()
    await migrate({ url, backupPassword: `it's "odd" %L` })
    const [role] = await owner`
      select rolcanlogin, rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolreplication, rolinherit, rolconnlimit
      from pg_roles where rolname = 'app_backup'`
    expect(role).toEqual({
      rolcanlogin: true,
      rolsuper: false,
      rolbypassrls: true,
      rolcreaterole: false,
      rolcreatedb: false,
      rolreplication: false,
      rolinherit: true,
      rolconnlimit: 5,
    })
    const login = new URL(url)
    const backup = server.connect(server.as(login.pathname.slice(1), 'app_backup', encodeURIComponent(`it's "odd" %L`)))
    await server.connect(
      url,
    )`insert into users (tenant_id, name, email) values (gen_random_uuid(), 'Ada', 'a@example.com')`
    expect(await backup`select email from users`).toHaveLength(1)
    await expect(backup`delete from users`.execute()).rejects.toThrow('read-only transaction')
    await backup`set default_transaction_read_only = off`
    await expect(backup`delete from users`.execute()).rejects.toThrow('permission denied')
  })

  test('keeps its password, and gets back what it lacks', async () => {
    const url = await server.createDatabase()
    await migrate({ url, backupPassword: 'x' })
    await owner.unsafe('alter role app_backup nobypassrls; revoke pg_read_all_data from app_backup')
    const password = () => owner`select rolpassword from pg_authid where rolname = 'app_backup'`
    const before = [...(await password())]
    await migrate({ url, backupPassword: 'another' })
    expect([...(await password())]).toEqual(before)
    const [role] = await owner`
      select rolbypassrls, pg_has_role('app_backup', 'pg_read_all_data', 'USAGE') as reads from pg_roles where rolname = 'app_backup'`
    expect(role).toEqual({ rolbypassrls: true, reads: true })
  })

  test('is no finding of the isolation check', async () => {
    const url = await server.createDatabase()
    await migrate({ url, appPassword: 'y', backupPassword: 'x' })
    const isolation = createIsolationCheck({ url: server.as(new URL(url).pathname.slice(1), 'app_user', 'y') })
    const findings = await isolation.inspect()
    await isolation.close()
    expect(findings.filter(({ level }) => level === 'error')).toEqual([])
    expect(findings.filter(({ problem, object }) => `${problem}${object}`.includes('app_backup'))).toEqual([])
  })

  test('makes a migration fail when the serving role is a member of it', async () => {
    const url = await server.createDatabase()
    await migrate({ url, backupPassword: 'x' })
    await owner.unsafe('grant app_backup to app_user')
    await expect(migrate({ url })).rejects.toThrow('the serving role is a member of app_backup')
  })
})

test('an owner who may not create app_backup gets the statements for a superuser without the password', async () => {
  const { url } = await server.createLandlord('createrole')
  const { message } = await failureOf(migrate({ url, backupPassword: 's3cret' }))
  expect(message).not.toContain('s3cret')
  const [, statements = ''] = message.match(/Run it as a superuser, then migrate again: (.*;)\n/) ?? []
  expect(statements).toStartWith('create role app_backup login bypassrls ')
  expect(statements).toEndWith('grant pg_read_all_data to app_backup;')
  await owner.unsafe(statements.replace('…', 's3cret'))
  await migrate({ url, backupPassword: 's3cret' })
})
