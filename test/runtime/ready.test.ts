import { afterEach, expect, setSystemTime, test } from 'bun:test'
import { loadConfig } from '../../src/service/config/config.ts'
import { createService } from '../../src/service/service.ts'
import { deps } from '../app.ts'
import { asOwner, createDatabase, main } from '../database.ts'

afterEach(() => {
  setSystemTime()
})

/** A service that counts its isolation checks. */
async function countingService() {
  let checks = 0
  const isolation = () => ({
    async inspect() {
      checks += 1
      return await deps.isolation.inspect()
    },
    close: async () => {},
  })
  const config = loadConfig({ DATABASE_URL: main.appUrl })
  const service = await createService({ config, log: deps.log, loadDocsAsset: deps.loadDocsAsset, isolation })
  return {
    assertIsolation: service.assertIsolation,
    ready: async () => (await service.app.request('/ready')).status,
    checks: () => checks,
    [Symbol.asyncDispose]: () => service.close(),
  }
}

test('the first /ready uses the findings of the start, and the next one checks again', async () => {
  await using service = await countingService()
  await service.assertIsolation()
  expect([await service.ready(), service.checks()]).toEqual([200, 1])
  expect([await service.ready(), service.checks()]).toEqual([200, 2])
})

test('the findings of the start expire after a second', async () => {
  await using service = await countingService()
  await service.assertIsolation()
  setSystemTime(Date.now() + 1000)
  expect([await service.ready(), service.checks()]).toEqual([200, 2])
})

test('/ready runs the check without a start', async () => {
  await using service = await countingService()
  expect([await service.ready(), service.checks()]).toEqual([200, 1])
})

test('/ready is 503 while the tenant directory is missing, where the service needs it', async () => {
  const database = await createDatabase()
  const status = async (TENANT_DIRECTORY: string) => {
    const config = loadConfig({ DATABASE_URL: database.appUrl, TENANT_DIRECTORY })
    const service = await createService({ config, log: deps.log, loadDocsAsset: deps.loadDocsAsset })
    const response = await service.app.request('/ready')
    await service.close()
    return response.status
  }
  expect(await status('required')).toBe(200)
  await asOwner(database)`revoke execute on function tenancy.find_tenant(text) from app_user`
  expect(await status('required')).toBe(503)
  await asOwner(database)`drop function tenancy.find_tenant(text)`
  expect(await status('required')).toBe(503)
  expect(await status('off')).toBe(200)
})
