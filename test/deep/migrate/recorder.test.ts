import { describe, expect, test } from 'bun:test'
import { migrate } from '../../../src/migrate/index.ts'
import { failureOf } from '../../migrate/owners.ts'
import { startRoleServer } from '../../migrate/role-server.ts'

const server = await startRoleServer()

describe('the recorder', () => {
  const recorderOf = async (url: string) =>
    (await server.connect(url)`select name from tenancy.roles where purpose = 'recorder'`)[0]?.name
  const atDatabase = (url: string, name: string) => Object.assign(new URL(url), { pathname: `/${name}` }).href

  test.each(['no role', 'a role'])(
    'is one of each database that is migrated at the same time, after a server had %s',
    async (left) => {
      if (left === 'a role') await server.owner`create role tenancy_recorder nologin`
      const urls: string[] = []
      for (const _ of [1, 2, 3]) urls.push(await server.createDatabase())
      await Promise.all(urls.map((url) => migrate({ url })))
      const names = await Promise.all(urls.map(recorderOf))
      expect(new Set(names).size).toBe(3)
      for (const name of names) expect(name).toStartWith('tenancy_recorder')
    },
  )

  test('is a role of each of two databases whose names share their first 54 bytes', async () => {
    await migrate({ url: await server.createDatabase() })
    const url = await server.createDatabase()
    const long = 'customers_of_the_rowhouse_company_in_the_european_union'
    const urls = [1, 2].map((n) => atDatabase(url, `${long}_${n}`))
    for (const one of urls) {
      await server.owner.unsafe(`create database ${new URL(one).pathname.slice(1)}`)
      await migrate({ url: one })
    }
    const names = await Promise.all(urls.map(recorderOf))
    for (const one of urls) await server.owner.unsafe(`drop database ${new URL(one).pathname.slice(1)} with (force)`)
    expect(names).toEqual(names.map(() => expect.stringMatching(/^tenancy_recorder_[0-9a-f]{32}$/)))
    expect(new Set(names).size).toBe(2)
  })

  test('is refused when it is the one of another database, as after a database was renamed', async () => {
    await migrate({ url: await server.createDatabase() })
    const url = await server.createDatabase()
    await migrate({ url })
    await server.owner`alter database database_1 rename to renamed`
    await server.owner`create database database_1`
    const { message } = await failureOf(migrate({ url }))
    await server.owner`drop database database_1 with (force)`
    await server.owner`alter database renamed rename to database_1`
    expect(message).toContain('tenancy_recorder_database_1 is the recorder of another database')
  })
})
