import { afterAll, expect, test } from 'bun:test'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openEmbedded } from '../../db/embedded.ts'
import { createPool, createTenantDatabase } from '../../src/database/index.ts'
import { migrate } from '../../src/migrate/index.ts'
import { probe } from './isolation.ts'

const folder = await mkdtemp(join(tmpdir(), 'rowhouse-isolation-'))
const embedded = await openEmbedded(folder)
const { url } = embedded
await migrate({ url })
const connections = () => createPool({ url, size: 1 })
const bound = createTenantDatabase({ connections: connections(), role: 'app_user' })
const unbound = createTenantDatabase({ connections: connections() })

afterAll(async () => {
  await Promise.all([bound.close(), unbound.close()])
  await embedded.close()
  await rm(folder, { recursive: true })
})

test('on PGlite tenants are kept apart as well', async () => {
  expect((await probe(bound)).holes).toEqual([])
})

test('on PGlite it is noticed that the login is a superuser, whom row security does not bind', async () => {
  const { holes } = await probe(unbound, { except: ['public.users'] })
  for (const what of ['row security: foreign off', 'select: foreign 1', 'insert: foreign 1', 'truncate: own allowed'])
    expect(holes).toContain(`public.tasks ${what}`)
})
