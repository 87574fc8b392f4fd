import { expect, test } from 'bun:test'
import { users } from '../../db/schema/users.ts'
import { withTenant } from '../../src/context/index.ts'
import type { StatementResult } from '../../src/database/index.ts'
import { loadConfig } from '../../src/service/config/config.ts'
import { createService } from '../../src/service/service.ts'
import { deps } from '../app.ts'
import { addUser, failureOf, openCable } from '../database/shared-database.ts'
import { setsTenant, watchedPool } from '../database/watched-pool.ts'
import { main } from '../database.ts'
import { newTenant } from '../tenants.ts'

test('closes a silent connection after the request timeout', async () => {
  await using cable = await openCable()
  const config = loadConfig({ DATABASE_URL: cable.url, DATABASE_POOL_SIZE: '1', REQUEST_TIMEOUT_MS: '200' })
  const service = await createService({ config, log: deps.log, loadDocsAsset: deps.loadDocsAsset })
  const count = () => withTenant(newTenant(), () => service.db.read((tx) => tx.$count(users)))
  await withTenant(newTenant(), () => service.db.write((tx) => addUser(tx)))
  cable.freeze()
  expect(await failureOf(count())).toMatchObject({ name: 'ApiError', code: 'SERVICE_UNAVAILABLE' })
  expect(await count()).toBe(0)
  await service.close()
})

test('logs a protocol violation with its count, and without a tenant', async () => {
  const logged: unknown[] = []
  const log = { ...deps.log, error: (fields: object, message: string) => logged.push({ ...fields, message }) }
  const answer = (text: string, given: StatementResult) => (setsTenant(text) ? { ...given, rows: [] } : given)
  const connections = watchedPool({ url: main.appUrl }, { answer })
  const config = loadConfig({ DATABASE_URL: main.appUrl })
  const service = await createService({ config, log, loadDocsAsset: deps.loadDocsAsset, connections })
  await withTenant(newTenant(), () => failureOf(service.db.read((tx) => tx.$count(users))))
  expect(logged).toEqual([
    {
      what: 'PostgreSQL did not confirm the tenant of this transaction',
      count: 1,
      message: 'protocol violation: the connection was destroyed',
    },
  ])
  await service.close()
})

test('logs what fails after COMMIT, without its message', async () => {
  const logged: unknown[] = []
  const log = { ...deps.log, error: (fields: object, message: string) => logged.push({ ...fields, message }) }
  const service = await createService({
    config: loadConfig({ DATABASE_URL: main.appUrl }),
    log,
    loadDocsAsset: deps.loadDocsAsset,
  })
  const tenant = newTenant()
  const failing = () => {
    throw new RangeError('a secret')
  }
  expect(await withTenant(tenant, () => service.db.write(async (tx) => tx.afterCommit(failing)))).toBeUndefined()
  expect(logged).toEqual([{ tenant, error: 'RangeError', message: 'a function of tx.afterCommit failed' }])
  await service.close()
})
