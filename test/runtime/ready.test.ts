import { afterEach, expect, setSystemTime, test } from 'bun:test'
import { loadConfig } from '../../src/service/config/config.ts'
import { createService } from '../../src/service/service.ts'
import { deps } from '../app.ts'
import { main } from '../database.ts'

afterEach(() => {
  setSystemTime()
})

/** A service whose looks at the walls are counted. */
async function countingService() {
  let looks = 0
  const isolation = () => ({
    async inspect() {
      looks += 1
      return await deps.isolation.inspect()
    },
    close: async () => {},
  })
  const config = loadConfig({ DATABASE_URL: main.appUrl })
  const service = await createService({ config, log: deps.log, loadDocsAsset: deps.loadDocsAsset, isolation })
  return {
    assertIsolation: service.assertIsolation,
    ready: async () => (await service.app.request('/ready')).status,
    looks: () => looks,
    [Symbol.asyncDispose]: () => service.close(),
  }
}

test('the look of the start answers the first /ready behind it, and no other', async () => {
  await using service = await countingService()
  await service.assertIsolation()
  expect([await service.ready(), service.looks()]).toEqual([200, 1])
  expect([await service.ready(), service.looks()]).toEqual([200, 2])
})

test('the look of the start is old after a second', async () => {
  await using service = await countingService()
  await service.assertIsolation()
  setSystemTime(Date.now() + 1000)
  expect([await service.ready(), service.looks()]).toEqual([200, 2])
})

test('without a start there is a look for /ready', async () => {
  await using service = await countingService()
  expect([await service.ready(), service.looks()]).toEqual([200, 1])
})
