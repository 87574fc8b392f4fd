import { expect, test } from 'bun:test'
import { users } from '../../db/schema/users.ts'
import { loadConfig } from '../../src/config.ts'
import { createService } from '../../src/service.ts'
import { withTenant } from '../../src/tenancy/index.ts'
import { deps } from '../app.ts'
import { newTenant } from '../database.ts'
import { failureOf, openCable } from '../tenancy/door.ts'

test('a connection that goes silent is given up when no request can still wait for it', async () => {
  await using cable = await openCable()
  const config = loadConfig({ DATABASE_URL: cable.url, DATABASE_POOL_SIZE: '1', REQUEST_TIMEOUT_MS: '200' })
  const service = createService({ config, log: deps.log, loadDocsAsset: deps.loadDocsAsset })
  const count = () => withTenant(newTenant(), () => service.db.read((tx) => tx.$count(users)))
  expect(await count()).toBe(0)
  cable.freeze()
  expect(await failureOf(count())).toMatchObject({ name: 'ApiError', code: 'SERVICE_UNAVAILABLE' })
  expect(await count()).toBe(0)
  await service.close()
})
