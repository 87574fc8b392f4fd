import { unverified } from '../src/context/index.ts'
import { createIsolationCheck } from '../src/isolation/index.ts'
import { header } from '../src/resolution/index.ts'
import { readDocsAsset } from '../src/runtime/read-docs-asset.ts'
import { type AppOptions, createApp } from '../src/service/app.ts'
import { loadConfig } from '../src/service/config/config.ts'
import type { TestClient } from '../src/testing/index.ts'
import { closeAfterwards, db, main } from './database.ts'
import { tenantIds } from './tenants.ts'

const isolation = createIsolationCheck({ url: main.appUrl })
closeAfterwards(isolation)
const ignore = () => {}
const { tenant, requests, server } = loadConfig({ DATABASE_URL: main.appUrl })

/** The options of the app on the shared test database, without log output. */
export const deps: AppOptions = {
  db,
  isolation,
  log: { debug: ignore, info: ignore, warn: ignore, error: ignore },
  loadDocsAsset: readDocsAsset,
  tenant: { from: header(tenant.header), auth: unverified(), ...tenantIds },
  tenantHeader: tenant.header,
  bearer: false,
  requests,
  hsts: server.hsts,
  trustProxy: server.trustProxy,
}

/** The app of the service. */
export const app = createApp(deps)

/** Creates the rows that the contract tests refer to, by the name of the referring field. */
export const fixtures = {
  async userId(client: TestClient): Promise<string> {
    const email = `${crypto.randomUUID()}@rowhouse.example`
    return (await client.post<{ id: string }>('/users', { email, name: 'Ada' })).data.id
  },
  async requestId(client: TestClient): Promise<string> {
    const body = { email: `${crypto.randomUUID()}@rowhouse.example`, name: 'Ada' }
    return (await client.post('/users', body)).headers.get('X-Request-Id') ?? ''
  },
}
