import { describe, expect, test } from 'bun:test'
import { sql } from 'drizzle-orm'
import { Hono } from 'hono'
import { tasks } from '../../db/schema/tasks.ts'
import { users } from '../../db/schema/users.ts'
import { type TenantId, unverified, withTenant } from '../../src/context/index.ts'
import {
  createPool,
  createTenantDatabase,
  createTenantSigner,
  signingKeyOf,
  type TenantDatabase,
  type TenantSigner,
} from '../../src/database/index.ts'
import { createErrorHandler } from '../../src/errors/index.ts'
import { migrate } from '../../src/migrate/index.ts'
import { header, tenant } from '../../src/resolution/index.ts'
import { closeAfterwards, createDatabase, newTenant, type TestDatabase } from '../database.ts'
import { payloads } from './payloads.ts'

const secret = 'the secret of this test, which has 40 ch'
const expired = createTenantSigner(secret, () => Date.now() - 120_000)
const wrong = createTenantSigner('another secret, which has 40 characters.')

function openDatabase(database: TestDatabase, signer?: TenantSigner): TenantDatabase {
  // One connection, so that settings that stay on it would affect the next request.
  const db = createTenantDatabase({ connections: createPool({ url: database.appUrl, size: 1 }), signer })
  closeAfterwards(db)
  return db
}

const signedDatabase = await createDatabase()
await migrate({ url: signedDatabase.ownerUrl, signingSecrets: [secret] })
const signed = openDatabase(signedDatabase, createTenantSigner(secret))
const unsigned = openDatabase(await createDatabase())

/** An app with a defect: it puts input into the text of a query. */
function createInjectableApp(db: TenantDatabase) {
  const app = new Hono()
  app.onError(createErrorHandler())
  app.use(tenant({ from: header('X-Tenant-Id'), auth: unverified() }))
  const inject = async (text: string) => await db.read((tx) => tx.execute(sql.raw(text)))
  app.post('/search', async (c) =>
    c.json(await inject(`select id, title from tasks where title = '${await c.req.text()}'`)),
  )
  app.post('/describe', async (c) => {
    const text = `update tasks set description = '${await c.req.text()}' where title = 'absent'`
    await db.write((tx) => tx.execute(sql.raw(text)))
    return c.json({})
  })
  return app
}

/** Creates a tenant with a task whose title is unique. */
async function createTenant(db: TenantDatabase) {
  const id = newTenant() as TenantId // newTenant() returns canonical ids
  const mark = `mark${crypto.randomUUID().replaceAll('-', '')}`
  await withTenant(id, () =>
    db.write(async (tx) => {
      const [user] = await tx.insert(users).values({ email: 'a@b.example', name: 'Ada' }).returning()
      await tx.insert(tasks).values({ title: mark, userId: user?.id ?? '' })
    }),
  )
  return { id, mark }
}

async function attack(db: TenantDatabase, path: string, textFor: (other: TenantId) => string) {
  const [own, other] = [await createTenant(db), await createTenant(db)]
  const app = createInjectableApp(db)
  const send = async (text: string) =>
    await (await app.request(path, { method: 'POST', body: text, headers: { 'X-Tenant-Id': own.id } })).text()
  const answers = (await send(textFor(other.id))) + (await send(`' or true --`))
  return { answers, own, other }
}

const names = payloads({ other: newTenant() as TenantId, expired, wrong })

describe.each(names)('injected SQL: $name', ({ name, worksUnsigned }) => {
  const textFor = (other: TenantId) =>
    payloads({ other, expired, wrong }).find((payload) => payload.name === name)?.text ?? ''

  test('reads no row of another tenant with a signed tenant context', async () => {
    const { answers, own, other } = await attack(signed, '/search', textFor)
    expect(answers).not.toContain(other.mark)
    expect(answers).toContain(own.mark)
    const { inner, outer } = signingKeyOf(secret)
    expect(answers).not.toContain(inner)
    expect(answers).not.toContain(outer)
  })

  test(`${worksUnsigned ? 'reads a row' : 'reads no row'} of another tenant without a signature`, async () => {
    const { answers, other } = await attack(unsigned, '/search', textFor)
    expect(answers.includes(other.mark)).toBe(worksUnsigned)
  })
})

describe('injected SQL that writes', () => {
  const textFor = (other: TenantId) =>
    `taken' from (select set_config('app.current_tenant', '${other}', true)) as s where s is not null --`
  const descriptionsOf = (db: TenantDatabase, id: string) =>
    withTenant(id, () => db.read((tx) => tx.select({ description: tasks.description }).from(tasks)))

  test('changes no row of another tenant with a signed tenant context', async () => {
    const { other } = await attack(signed, '/describe', textFor)
    expect(await descriptionsOf(signed, other.id)).toEqual([{ description: null }])
  })

  test('changes a row of another tenant without a signature', async () => {
    const { other } = await attack(unsigned, '/describe', textFor)
    expect(await descriptionsOf(unsigned, other.id)).toEqual([{ description: 'taken' }])
  })
})

test('a tenant that was set for the session does not affect the next request', async () => {
  const forSession = (other: TenantId) =>
    `' union all select gen_random_uuid(), set_config('app.current_tenant', '${other}', false) --`
  for (const db of [signed, unsigned]) {
    const { answers, own, other } = await attack(db, '/search', forSession)
    expect(answers).toContain(own.mark)
    expect(answers).not.toContain(other.mark)
  }
})
