import { describe, expect, test } from 'bun:test'
import { createIsolationCheck } from '../../../src/isolation/index.ts'
import { migrate } from '../../../src/migrate/index.ts'
import { logIn } from '../../migrate/log-in.ts'
import { startRoleServer } from '../../migrate/role-server.ts'

const server = await startRoleServer()
const { owner } = server
const nameOf = (url: string) => new URL(url).pathname.slice(1)
const as = (url: string, role: string) => logIn(server.as(nameOf(url), role, 'x'))

async function inspect(url: string) {
  const isolation = createIsolationCheck({ url: server.as(nameOf(url), 'app_user', 'x') })
  const findings = await isolation.inspect().finally(() => isolation.close())
  return findings.filter(({ check }) => check === 'public-connect')
}

describe('a migration', () => {
  test('closes the database for a login without privileges in it', async () => {
    await owner.unsafe(`create role stranger login password 'x'`)
    const url = await server.createDatabase()
    expect(await as(url, 'stranger')).toBe('stranger')
    await migrate({ url, appPassword: 'x', adminPassword: 'x', backupPassword: 'x' })
    expect(await as(url, 'stranger')).toBe('42501')
    for (const role of ['app_user', 'app_admin', 'app_backup']) expect(await as(url, role)).toBe(role)
  })

  test('keeps it open for logins that have privileges in it, also by a group, and for monitoring', async () => {
    const url = await server.createDatabase()
    await owner.unsafe(`create role reporting login password 'x'; create role readers; create role reader login
      password 'x' in role readers; create role monitor login noinherit password 'x' in role pg_monitor`)
    await server.connect(url).unsafe(`create schema reports authorization reporting; create schema facts;
      grant usage on schema facts to readers`)
    await migrate({ url })
    for (const role of ['reporting', 'reader', 'monitor']) expect(await as(url, role)).toBe(role)
  })

  test('lets the roles of the database connect again', async () => {
    const url = await server.createDatabase()
    await migrate({ url, appPassword: 'x', adminPassword: 'x' })
    await owner.unsafe(`revoke connect on database ${nameOf(url)} from app_user, app_admin`)
    await migrate({ url })
    for (const role of ['app_user', 'app_admin']) expect(await as(url, role)).toBe(role)
  })

  test('keeps the administrative and the backup role of a database that an older release prepared', async () => {
    const url = await server.createDatabase()
    await migrate({ url, appPassword: 'x', adminPassword: 'x', backupPassword: 'x' })
    await server.connect(url).unsafe(`drop table tenancy.roles; grant connect on database ${nameOf(url)} to public;
      revoke connect on database ${nameOf(url)} from app_user, app_admin, app_backup`)
    await migrate({ url })
    for (const role of ['app_user', 'app_admin', 'app_backup']) expect(await as(url, role)).toBe(role)
    const privilege = server.connect(url)`select has_table_privilege('app_admin', 'tasks', 'UPDATE') as writes`
    expect((await privilege)[0]?.writes).toBe(true)
  })

  test('closes the database of an owner that is no superuser, who stays able to log in', async () => {
    await owner.unsafe(`create role stranger login password 'x'`)
    const { url } = await server.createLandlord('createrole')
    await migrate({ url, appPassword: 'x' })
    expect([await as(url, 'stranger'), await as(url, 'landlord'), await as(url, 'app_user')]).toEqual([
      '42501',
      'landlord',
      'app_user',
    ])
  })
})

describe('the isolation check', () => {
  test('reports a database that every role may connect to, with statements that close it and keep its logins', async () => {
    const url = await server.createDatabase()
    await migrate({ url, appPassword: 'x', adminPassword: 'x' })
    expect(await inspect(url)).toEqual([])
    const name = nameOf(url)
    await owner.unsafe(`create role stranger login password 'x'; grant connect on database ${name} to public;
      revoke connect on database ${name} from app_user, app_admin`)
    const [finding] = await inspect(url)
    expect(finding).toMatchObject({ level: 'warning', guarantee: 11, object: 'database' })
    await owner.unsafe(finding?.remedy ?? '')
    expect(await inspect(url)).toEqual([])
    expect([await as(url, 'app_user'), await as(url, 'app_admin'), await as(url, 'stranger')]).toEqual([
      'app_user',
      'app_admin',
      '42501',
    ])
  })
})
