import { describe, expect, test } from 'bun:test'
import { Hono } from 'hono'
import { users } from '../../db/schema/users.ts'
import { runInContext } from '../../src/context/context.ts'
import {
  carryTenant,
  parseTenantId,
  resumeTenant,
  TenantNotCarried,
  TenantRequired,
  tenantContext,
  tenantHeaders,
  withTenant,
} from '../../src/context/index.ts'
import { header, tenant } from '../../src/resolution/index.ts'
import { addUser, tenantWithUser } from '../database/watched-pool.ts'
import { db, newTenant } from '../database.ts'

/** Runs work in a tenant's context with all that can be in one. */
function inContext<T>(more: { actor?: string; requestId?: string }, work: (id: string) => T): T {
  const tenantId = parseTenantId(newTenant())
  if (tenantId === undefined) throw new Error('newTenant() gave no tenant id')
  return runInContext({ tenantId, ...more }, () => work(tenantId))
}

const throughJson = (value: unknown): unknown => JSON.parse(JSON.stringify(value))
const never = () => {
  throw new Error('The work ran')
}

/** What a function throws. */
function thrownBy(work: () => unknown): unknown {
  try {
    work()
  } catch (error) {
    return error
  }
  throw new Error('It did not throw')
}

describe('the headers of a request to another service', () => {
  const trace = {
    traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
    tracestate: 'rojo=00f067aa0ba902b7,congo=t61rcWkgMzE',
    baggage: 'userId=alice,isProduction=false',
  }

  test('bring it the same tenant, with trace context as it was', async () => {
    const app = new Hono()
    app.use(tenant({ from: header('X-Tenant-Id') }))
    app.get('/', (c) => c.json({ ...tenantContext(), headers: c.req.header() }))
    await using server = Bun.serve({ port: 0, fetch: app.fetch })
    await inContext({ requestId: 'r-1' }, async (tenantId) => {
      const body = await (await fetch(server.url, { headers: tenantHeaders(trace) })).json()
      expect(body).toMatchObject({ tenantId, headers: { ...trace, 'x-request-id': 'r-1' } })
    })
  })

  test('replace a tenant that was given, in any case, and leave the given headers untouched', () => {
    inContext({}, (id) => {
      const given = new Headers([
        ['x-tenant-ID', newTenant()],
        ['X-Tenant-Id', newTenant()],
        ['Accept', 'text/plain'],
      ])
      const before = [...given]
      expect([...tenantHeaders(given)]).toEqual([
        ['accept', 'text/plain'],
        ['x-tenant-id', id],
      ])
      expect([...given]).toEqual(before)
    })
  })

  test('keep a request id that was given', () => {
    const headers = inContext({ requestId: 'r-1' }, () => tenantHeaders({ 'x-request-id': 'mine' }))
    expect(headers.get('X-Request-Id')).toBe('mine')
  })

  test('carry no request id that no header can', () => {
    expect(inContext({ requestId: 'r\n1' }, () => tenantHeaders().has('X-Request-Id'))).toBe(false)
  })

  test('can have the tenant under another name', () => {
    inContext({}, (id) => expect([...tenantHeaders([], { header: 'X-Org' })]).toEqual([['x-org', id]]))
  })

  test('say nothing of who acts', () => {
    expect(inContext({ actor: 'ada' }, () => [...tenantHeaders().values()])).not.toContain('ada')
  })

  test('are not made outside of any tenant', () => {
    expect(() => tenantHeaders()).toThrow(TenantRequired)
  })
})

describe('a job', () => {
  test('reads the rows of the tenant that it was made for, and those alone', async () => {
    const { tenant: other } = await tenantWithUser(db)
    const own = newTenant()
    const { job, userId } = await withTenant(own, async () => {
      const userId = await db.write((tx) => addUser(tx))
      return { job: throughJson(carryTenant({ userId })), userId }
    })
    const rows = () =>
      resumeTenant(job, () => db.read((tx) => tx.select({ id: users.id, tenantId: users.tenantId }).from(users)))
    expect(await rows()).toEqual([{ id: userId, tenantId: own }])
    expect(await withTenant(other, rows)).toEqual([{ id: userId, tenantId: own }])
  })

  test('brings who acts, the request’s id and the payload', () => {
    inContext({ actor: 'Ada Lovelace <ada@example.com>', requestId: 'r-1' }, (tenantId) => {
      const job = throughJson(carryTenant({ invoice: 7 }))
      const seen = resumeTenant(job, (payload) => ({ payload, context: tenantContext() }))
      const context = { tenantId, actor: 'Ada Lovelace <ada@example.com>', requestId: 'r-1' }
      expect(seen).toEqual({ payload: { invoice: 7 }, context } as never) // its type says unknown of the payload
    })
  })

  test('takes nothing from the context that it is resumed in', () => {
    const job = inContext({}, () => throughJson(carryTenant(1)))
    const signal = new AbortController().signal
    const seen = inContext({ actor: 'ada', requestId: 'r-1' }, (id) => {
      const tenantId = parseTenantId(id)
      return (
        tenantId &&
        runInContext({ tenantId, signal }, () => resumeTenant(job, () => Object.keys(tenantContext() ?? {})))
      )
    })
    expect(seen).toEqual(['tenantId'])
  })

  test('has a payload in any form that JSON has, or none', () => {
    for (const payload of [null, 0, 'text', [1], { tenant: { id: 'its own' } }, undefined])
      inContext({}, () => expect(resumeTenant(throughJson(carryTenant(payload)), (given) => given)).toEqual(payload))
  })

  test('gives and throws what its work does', async () => {
    const job = inContext({}, () => carryTenant(1))
    expect(await resumeTenant(job, async () => 2)).toBe(2)
    expect(() => resumeTenant(job, never)).toThrow('The work ran')
  })

  const id = newTenant()
  const secret = `${id}'; drop table users --`
  test.each<[string, unknown]>([
    ['The job', undefined],
    ['The job', null],
    ['The job', secret],
    ['The job', [{ tenant: { id } }]],
    ['tenant', {}],
    ['tenant', { tenant: null }],
    ['tenant', { tenant: id }],
    ['tenant.id', { tenant: {} }],
    ['tenant.id', { tenant: { id: secret } }],
    ['tenant.id', { tenant: { id: 'acme' } }],
    ['tenant.id', { tenant: { id: ` ${id}` } }],
    ['tenant.id', { tenant: { id: [id] } }],
    ['tenant.id', { tenant: { id: 7 } }],
    ['tenant.id', { tenant: Object.create({ id: 'acme' }) }],
    ['tenant.actor', { tenant: { id, actor: '' } }],
    ['tenant.actor', { tenant: { id, actor: null } }],
    ['tenant.actor', { tenant: { id, actor: 7 } }],
    ['tenant.actor', { tenant: { id, actor: 'ada\nlevel=error' } }],
    ['tenant.actor', { tenant: { id, actor: 'ada\n' } }],
    ['tenant.actor', { tenant: { id, actor: 'ada\0' } }],
    ['tenant.actor', { tenant: { id, actor: 'ada\u0085' } }],
    ['tenant.actor', { tenant: { id, actor: '\ud800' } }],
    ['tenant.actor', { tenant: { id, actor: 'a'.repeat(256) } }],
    ['tenant.requestId', { tenant: { id, requestId: 'r 1' } }],
    ['tenant.requestId', { tenant: { id, requestId: {} } }],
  ])('is refused for its field %s, without its value or its work: %j', (field, job) => {
    const error = thrownBy(() => resumeTenant(job, never))
    expect(error).toBeInstanceOf(TenantNotCarried)
    expect(error).toMatchObject({ field, message: expect.stringContaining(`${field} must be `) })
    expect(String(error)).not.toContain(id)
  })

  test.each(['a', 'a'.repeat(255), 'Ådå Łøvelåce', '用户', 'auth0|5f7c8ec7c33c6c004bbafe82'])(
    'may be on behalf of %s',
    (actor) => {
      expect(resumeTenant({ tenant: { id, actor } }, () => tenantContext()?.actor)).toBe(actor)
    },
  )

  test('is not made for an actor that could not arrive', () => {
    expect(thrownBy(() => inContext({ actor: 'ada\n' }, () => carryTenant(1)))).toBeInstanceOf(TenantNotCarried)
  })

  test('is made without a request id that could not arrive', () => {
    expect(inContext({ requestId: 'r 1' }, () => carryTenant(1).tenant)).not.toHaveProperty('requestId')
  })

  test('is not made outside of any tenant', () => {
    expect(() => carryTenant(1)).toThrow(TenantRequired)
  })
})
