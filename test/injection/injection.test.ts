import { describe, expect, test } from 'bun:test'
import { sql } from 'drizzle-orm'
import { Hono } from 'hono'
import { type TenantId, unverified } from '../../src/context/index.ts'
import { signingKeyOf, type TenantDatabase } from '../../src/database/index.ts'
import { createErrorHandler } from '../../src/errors/index.ts'
import { header, tenant } from '../../src/resolution/index.ts'
import { newTenant, tenantIds } from '../tenants.ts'
import { payloads } from './payloads.ts'
import { createTenant, descriptionsOf, expired, openSigned, openUnsigned, secret, wrong } from './stage.ts'

const signed = await openSigned()
const unsigned = await openUnsigned()

/** An app with a defect: it puts input into the text of a query. */
function createInjectableApp(db: TenantDatabase) {
  const app = new Hono()
  app.onError(createErrorHandler())
  app.use(tenant({ from: header('X-Tenant-Id'), auth: unverified(), ...tenantIds }))
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
  const set = (value: string) => `set_config('app.current_tenant', ${value}, true)`
  const textFor = (other: TenantId) =>
    `taken' from (select own, ${set(`'${other}'`)} as s from (select current_setting('app.current_tenant') as own offset 0) as o offset 0) as s
      where s is not null returning ${set('own')} --`

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

test.each([
  'deallocate all',
  'prepare mine as select 1',
  'do $block$ begin end $block$',
  'lock table tasks',
  'listen jobs',
  'declare mine cursor with hold for select 1',
])('a function that runs a query does not run %s', async (command) => {
  const { id } = await createTenant(unsigned)
  const app = createInjectableApp(unsigned)
  const statusOf = async (query: string): Promise<number[]> => {
    const runs = [`query_to_xml('${query}', true, true, '')::text`, `(select word from ts_stat('${query}') limit 1)`]
    const bodies = runs.map((run) => `' union all select gen_random_uuid(), ${run} --`)
    const headers = { 'X-Tenant-Id': id }
    const responses = bodies.map((body) => app.request('/search', { method: 'POST', body, headers }))
    return (await Promise.all(responses)).map(({ status }) => status)
  }
  expect(await statusOf("select to_tsvector(''harmless'')")).toEqual([200, 200])
  expect(await statusOf(command)).toEqual([500, 500])
})
