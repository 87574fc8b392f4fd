// The HTTP part of the service, without a database: every read and write returns one fixed row. Run by bench/http.ts.
//   ROOT=/path/of/a/checkout PORT=3000 bun bench/http-service.ts
import { tenantIdOf } from '../db/seed-many.ts'

const { ROOT = `${import.meta.dir}/..`, PORT = '3000' } = process.env
const load = (path: string) => import(`${ROOT}/src/${path}`) // without types: those of another checkout may differ
const [{ createApp }, { loadConfig }, { createLimitsOptions }, { createTenantOptions }, { createLog }, { listen }] =
  await Promise.all([
    load('service/app.ts'),
    load('service/config/config.ts'),
    load('service/limits-options.ts'),
    load('service/tenant-options.ts'),
    load('runtime/log.ts'),
    load('runtime/bun.ts'),
  ])

const row = {
  id: '5eed0000-0000-7000-8002-000000000001',
  tenantId: tenantIdOf(1),
  title: 'Write the report',
  description: null,
  status: 'todo',
  userId: '5eed0000-0000-7000-8001-000000000001',
  createdAt: new Date(),
  updatedAt: new Date(),
}
const answer = async () => row

const environment = {
  DATABASE_URL: 'postgres://app_user:none@localhost/none',
  ALLOW_UNVERIFIED: 'true',
  ROWHOUSE_SECRET: 'r'.repeat(32),
}
const config = loadConfig({ ...environment, HOST: '127.0.0.1', PORT, NODE_ENV: 'production' })
const log = await createLog(config.log.level)
const { options: tenant } = await createTenantOptions({ config, log })
const app = createApp({
  db: { read: answer, write: answer, close: async () => {} },
  isolation: { inspect: async () => [] },
  log,
  loadDocsAsset: async () => '',
  tenant,
  tenantHeader: config.tenant.header,
  bearer: false,
  limits: createLimitsOptions(config, true),
  requests: config.requests,
  hsts: config.server.hsts,
  trustProxy: 0,
})
await listen(app, config)
