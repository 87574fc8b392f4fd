import { afterAll, expect, test } from 'bun:test'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openEmbedded } from '../../../db/embedded.ts'
import { createPool, createTenantDatabase, PrivilegedLogin } from '../../../src/database/index.ts'
import { migrate } from '../../../src/migrate/index.ts'
import { probe } from '../../testing/isolation.ts'

const folder = await mkdtemp(join(tmpdir(), 'rowhouse-isolation-'))
const embedded = await openEmbedded(folder)
const { url } = embedded
await migrate({ url })
const connections = () => createPool({ url, size: 1 })
const asAppUser = createTenantDatabase({ connections: connections(), role: 'app_user' })
const asSuperuser = createTenantDatabase({ connections: connections() })

afterAll(async () => {
  await Promise.all([asAppUser.close(), asSuperuser.close()])
  await embedded.close()
  await rm(folder, { recursive: true })
})

test('on PGlite no tenant reaches rows of another', async () => {
  expect((await probe(asAppUser)).violations).toEqual([])
})

test('on PGlite a superuser’s login is refused, which row-level security does not apply to', async () => {
  expect(await probe(asSuperuser).catch((error: unknown) => error)).toBeInstanceOf(PrivilegedLogin)
})
