import { describe, expect, test } from 'bun:test'
import journal from '../../../drizzle/meta/_journal.json' with { type: 'json' }
import { createIsolationCheck } from '../../../src/isolation/index.ts'
import { migrate } from '../../../src/migrate/index.ts'
import { logIn } from '../../migrate/log-in.ts'
import { failureOf } from '../../migrate/owners.ts'
import { startRoleServer } from '../../migrate/role-server.ts'

const server = await startRoleServer()

describe('the serving role', () => {
  test('may have 80 connections, which leaves some for an administrator', async () => {
    await migrate({ url: await server.createDatabase() })
    const [role] = await server.owner`select rolconnlimit from pg_roles where rolname = 'app_user'`
    expect(role?.rolconnlimit).toBe(80)
  })

  test.each([200, -1])('keeps the connection limit %d of an operator', async (limit) => {
    const url = await server.createDatabase()
    await migrate({ url })
    await server.owner.unsafe(`alter role app_user connection limit ${limit}`)
    await migrate({ url })
    const [role] = await server.owner`select rolconnlimit from pg_roles where rolname = 'app_user'`
    expect(role?.rolconnlimit).toBe(limit)
  })

  test('gets the password of DATABASE_URL when it is created, and keeps it', async () => {
    const url = await server.createDatabase()
    const password = `it's "quoted" \\ ü`
    await migrate({ url, appPassword: password })
    expect(await logIn(server.as('postgres', 'app_user', password))).toBe('app_user')
    await migrate({ url, appPassword: 'another' })
    expect(await logIn(server.as('postgres', 'app_user', password))).toBe('app_user')
    expect(await logIn(server.as('postgres', 'app_user', 'another'))).toBe('28P01')
  })

  test('is created once by migrations of several databases at once', async () => {
    const urls: string[] = []
    for (const _ of [1, 2, 3, 4]) urls.push(await server.createDatabase())
    const applied = await Promise.all(urls.map((url) => migrate({ url, appPassword: 'y' })))
    expect(applied.map((migrations) => migrations.length)).toEqual(urls.map(() => journal.entries.length))
    const isolation = createIsolationCheck({ url: server.as('database_0', 'app_user', 'y') })
    expect((await isolation.inspect()).filter(({ guarantee }) => guarantee === 18)).toEqual([])
    await isolation.close()
  })

  test('gets the text formats that the kit parses, and keeps the other settings of an operator', async () => {
    await migrate({ url: await server.createDatabase() })
    await server.owner.unsafe(`
      alter role app_user set IntervalStyle = 'iso_8601'; alter role app_user reset array_nulls;
      alter role app_user set work_mem = '5MB'; alter role app_user set statement_timeout = '20s'`)
    await migrate({ url: await server.createDatabase() })
    const settings = await server.owner`
      select unnest(setconfig) as setting from pg_db_role_setting where setrole = 'app_user'::regrole order by 1`
    expect(settings.map(({ setting }) => setting)).toEqual(
      expect.arrayContaining([
        'IntervalStyle=postgres',
        'array_nulls=on',
        'bytea_output=hex',
        'extra_float_digits=1',
        'statement_timeout=20s',
        'work_mem=5MB',
      ]),
    )
  })

  test('cannot log in by password without a given password', async () => {
    await migrate({ url: await server.createDatabase() })
    expect(await logIn(server.as('postgres', 'app_user', ''))).not.toBe('app_user')
  })
})

describe('the role of the directory', () => {
  test.each([
    ['createrole', 'a role with CREATEROLE'],
    ['bypassrls', 'a role with BYPASSRLS'],
    ['in role pg_write_all_data', 'a member of pg_write_all_data'],
  ])('is no role that exists with %s', async (attribute, problem) => {
    await server.owner.unsafe(`create role editors login ${attribute} password 'x'`)
    const url = await server.createDatabase()
    const { message } = await failureOf(migrate({ url, directoryRole: 'editors', directoryPassword: 'x' }))
    expect(message).toBe(
      `DATABASE_DIRECTORY_URL needs a role of its own, which a migration creates: editors is ${problem}. Nothing was changed.`,
    )
  })

  test('is not that of the worker, which has the same rules', async () => {
    const url = await server.createDatabase()
    const both = { directoryRole: 'editors', directoryPassword: 'x', workerRole: 'editors', workerPassword: 'x' }
    expect((await failureOf(migrate({ url, ...both }))).message).toContain(
      'editors is the worker role of this database too',
    )
    await server.owner.unsafe(`create role editors login createdb password 'x'`)
    expect((await failureOf(migrate({ url, workerRole: 'editors', workerPassword: 'x' }))).message).toStartWith(
      'DATABASE_WORKER_URL needs a role of its own, which a migration creates: editors is a role with CREATEDB.',
    )
  })

  test('is one that an administrator prepared', async () => {
    await server.owner.unsafe(`create role editors login password 'x'`)
    const url = await server.createDatabase()
    for (const _ of [1, 2]) await migrate({ url, directoryRole: 'editors', directoryPassword: 'x' })
    expect(await logIn(server.as(new URL(url).pathname.slice(1), 'editors', 'x'))).toBe('editors')
  })
})

describe('an owner who is no superuser', () => {
  test('migrates with CREATEROLE and a database of its own', async () => {
    const { url, database } = await server.createLandlord('createrole')
    expect(await migrate({ url, appPassword: 'y' })).toHaveLength(journal.entries.length)
    expect(await migrate({ url, appPassword: 'y' })).toEqual([])
    const isolation = createIsolationCheck({ url: server.as(database, 'app_user', 'y') })
    const errors = (await isolation.inspect()).filter(({ level }) => level === 'error')
    await isolation.close()
    expect(errors).toEqual([])
  })

  test('migrates without CREATEROLE when app_user and the recorder exist', async () => {
    await migrate({ url: await server.createDatabase(), appPassword: 'y' })
    await server.owner`alter role app_user reset IntervalStyle` // only CREATEROLE may set it again
    const { url } = await server.createLandlord()
    const { message } = await failureOf(migrate({ url }))
    const [, statements] = /then migrate again: (create role .*;)$/m.exec(message) ?? []
    expect(statements).toMatch(/^create role tenancy_recorder_\w+ nologin; grant tenancy_recorder_\w+ to landlord;$/)
    await server.owner.unsafe(statements ?? '')
    expect(await migrate({ url })).toHaveLength(journal.entries.length)
    expect(await migrate({ url })).toEqual([])
  })

  test('gets a statement that lets it become the recorder again', async () => {
    const { url } = await server.createLandlord('createrole')
    await migrate({ url })
    const [{ name } = {}] = await server.connect(url)`select name from tenancy.roles where purpose = 'recorder'`
    await server.owner.unsafe(`revoke ${name} from landlord cascade; alter role landlord nocreaterole`)
    const { message } = await failureOf(migrate({ url }))
    const [, statement] = /then migrate again: (grant .*;)$/m.exec(message) ?? []
    expect(statement).toBe(`grant ${name} to landlord;`)
    await server.owner.unsafe(statement ?? '')
    expect(await migrate({ url })).toEqual([])
  })
})
