import { afterAll, expect, test } from 'bun:test'
import { randomBytes } from 'node:crypto'
import { createPool, createTenantDatabase } from '../../src/database/index.ts'
import { migrate } from '../../src/migrate/index.ts'
import { createApp } from '../../src/service/app.ts'
import { testClient } from '../../src/testing/index.ts'
import { deps } from '../app.ts'
import { asOwner, main } from '../database.ts'
import { newTenant, project, tenantIds } from '../tenants.ts'

// In Turkish, lower('I') is 'ı': an index on lower(email) would take INFO@ and info@ for two addresses.
const administrator = asOwner(main)
const name = `turkish_${randomBytes(4).toString('hex')}`
const [server] = await administrator<{ hasIcu: boolean; version: number }[]>`
  select exists (select from pg_collation where collprovider = 'i') as "hasIcu",
    current_setting('server_version_num')::int as version`
const isPossible = server?.hasIcu === true && server.version >= 150_000

afterAll(async () => {
  await administrator.unsafe(`drop database if exists ${name} with (force)`)
})

test.skipIf(!isPossible)('an e-mail address in capitals is taken in an ICU database of Turkish too', async () => {
  await administrator.unsafe(
    `create database ${name} template template0 encoding 'UTF8' locale 'C' locale_provider icu icu_locale 'tr-TR'`,
  )
  const [ownerUrl, appUrl] = [main.ownerUrl, main.appUrl].map(
    (url) => Object.assign(new URL(url), { pathname: `/${name}` }).href,
  )
  await migrate({ ...project, url: ownerUrl ?? '' })
  const db = createTenantDatabase({ connections: createPool({ url: appUrl ?? '', size: 1 }), ...tenantIds })
  const client = testClient(createApp({ ...deps, db }), { tenantHeader: deps.tenantHeader }).as(newTenant())
  const create = async (email: string) => (await client.post('/users', { email, name: 'Ada' })).status
  expect([await create('info@acme.example'), await create('INFO@acme.example')]).toEqual([201, 409])
  await db.close()
})
