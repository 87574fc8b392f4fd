import { describe, expect, test } from 'bun:test'
import postgres from 'postgres'
import journal from '../../drizzle/meta/_journal.json' with { type: 'json' }
import { createIsolationCheck } from '../../src/isolation/index.ts'
import { migrate } from '../../src/migrate/index.ts'
import { startPostgres } from '../postgres.ts'

/** A server that no migration has seen: roles belong to the whole server. */
async function startServer() {
  const server = await startPostgres()
  const administrator = postgres(server.ownerUrl, { max: 1, onnotice: () => {} })
  const as = (username: string, password: string, database = 'postgres') =>
    Object.assign(new URL(server.ownerUrl), { username, password, pathname: `/${database}` }).href
  return {
    url: server.ownerUrl,
    administrator,
    as,
    async [Symbol.asyncDispose]() {
      await administrator.end()
      await server.stop()
    },
  }
}

async function logIn(url: string): Promise<string> {
  const sql = postgres(url, { max: 1 })
  try {
    const [row] = await sql`select current_user::text as role`
    return String(row?.role)
  } catch (error) {
    return error instanceof postgres.PostgresError ? error.code : String(error)
  } finally {
    await sql.end()
  }
}

describe('the serving role', () => {
  test('may have 80 connections, so that an administrator can still get in', async () => {
    await using server = await startServer()
    await migrate({ url: server.url })
    const sql = postgres(server.url, { max: 1, onnotice: () => {} })
    const [role] = await sql`select rolconnlimit from pg_roles where rolname = 'app_user'`
    await sql.end()
    expect(role?.rolconnlimit).toBe(80)
  })

  test('gets the password of DATABASE_URL when it is made, and keeps it', async () => {
    await using server = await startServer()
    const password = `it's "quoted" \\ ü`
    await migrate({ url: server.url, appPassword: password })
    expect(await logIn(server.as('app_user', password))).toBe('app_user')
    await migrate({ url: server.url, appPassword: 'another' })
    expect(await logIn(server.as('app_user', password))).toBe('app_user')
    expect(await logIn(server.as('app_user', 'another'))).toBe('28P01')
  })

  test('is made once by migrations of several databases at once', async () => {
    await using server = await startServer()
    const names = ['one', 'two', 'three', 'four', 'five', 'six']
    for (const name of names) await server.administrator.unsafe(`create database ${name}`)
    const urls = names.map((name) => Object.assign(new URL(server.url), { pathname: `/${name}` }).href)
    const applied = await Promise.all(urls.map((url) => migrate({ url, appPassword: 'y' })))
    expect(applied.map((migrations) => migrations.length)).toEqual(names.map(() => journal.entries.length))
    const isolation = createIsolationCheck({ url: server.as('app_user', 'y', 'one') })
    expect((await isolation.inspect()).filter(({ guarantee }) => guarantee === 18)).toEqual([])
    await isolation.close()
  })

  test('cannot log in by password when none was given', async () => {
    await using server = await startServer()
    await migrate({ url: server.url })
    expect(await logIn(server.as('app_user', ''))).not.toBe('app_user')
  })
})

describe('an owner who is no superuser', () => {
  test('migrates with CREATEROLE and a database of its own', async () => {
    await using server = await startServer()
    await server.administrator.unsafe(`create role landlord login createrole password 'x'`)
    await server.administrator.unsafe('create database house owner landlord')
    const url = server.as('landlord', 'x', 'house')
    expect(await migrate({ url, appPassword: 'y' })).toHaveLength(journal.entries.length)
    expect(await migrate({ url, appPassword: 'y' })).toEqual([])
    const isolation = createIsolationCheck({ url: server.as('app_user', 'y', 'house') })
    const errors = (await isolation.inspect()).filter(({ level }) => level === 'error')
    await isolation.close()
    expect(errors).toEqual([])
  })

  test('migrates without CREATEROLE once somebody has made app_user', async () => {
    await using server = await startServer()
    await migrate({ url: server.url, appPassword: 'y' })
    await server.administrator.unsafe(`create role landlord login password 'x'`)
    await server.administrator.unsafe('create database house owner landlord')
    expect(await migrate({ url: server.as('landlord', 'x', 'house') })).toHaveLength(journal.entries.length)
  })
})
