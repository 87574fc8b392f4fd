import { describe, expect, test } from 'bun:test'
import { Hono } from 'hono'
import { users } from '../../db/schema/users.ts'
import { runInContext } from '../../src/context/context.ts'
import {
  carryTenant,
  resumeTenant,
  TenantNotCarried,
  TenantRequired,
  tenantContext,
  tenantHeaders,
  unverified,
} from '../../src/context/index.ts'
import { header, tenant } from '../../src/resolution/index.ts'
import { addUser, tenantWithUser } from '../database/watched-pool.ts'
import { db } from '../database.ts'
import { contextOf, newTenant, tenantIds, withTenant } from '../tenants.ts'

/** Runs work in a tenant's context with these fields. */
function inContext<T>(more: { actor?: string; requestId?: string }, work: (id: string) => T): T {
  const context = contextOf(newTenant())
  return runInContext({ ...context, ...more }, () => work(context.tenantId))
}

const throughJson = (value: unknown): unknown => JSON.parse(JSON.stringify(value))
const never = () => {
  throw new Error('The work ran')
}

/** The error that a function throws. */
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

  test('contain the tenant, and keep the trace context', async () => {
    const app = new Hono()
    app.use(tenant({ from: header('X-Tenant-Id'), auth: unverified(), ...tenantIds }))
    app.get('/', (c) => c.json({ ...tenantContext(), headers: c.req.header() }))
    await using server = Bun.serve({ port: 0, fetch: app.fetch })
    await inContext({ requestId: 'r-1' }, async (tenantId) => {
      const body = await (await fetch(server.url, { headers: tenantHeaders(trace) })).json()
      expect(body).toMatchObject({ tenantId, headers: { ...trace, 'x-request-id': 'r-1' } })
    })
  })

  test('replace a given tenant, in any case, and do not change the given headers', () => {
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

  test('keep a given request id', () => {
    const headers = inContext({ requestId: 'r-1' }, () => tenantHeaders({ 'x-request-id': 'mine' }))
    expect(headers.get('X-Request-Id')).toBe('mine')
  })

  test('leave out a request id that is invalid in a header', () => {
    expect(inContext({ requestId: 'r\n1' }, () => tenantHeaders().has('X-Request-Id'))).toBe(false)
  })

  test('use the header name of the options', () => {
    inContext({}, (id) => expect([...tenantHeaders([], { header: 'X-Org' })]).toEqual([['x-org', id]]))
  })

  test('do not contain the actor', () => {
    expect(inContext({ actor: 'ada' }, () => [...tenantHeaders().values()])).not.toContain('ada')
  })

  test('throw outside of any tenant', () => {
    expect(() => tenantHeaders()).toThrow(TenantRequired)
  })
})

describe('a job', () => {
  test('reads only the rows of its tenant', async () => {
    const { tenant: other } = await tenantWithUser(db)
    const own = newTenant()
    const { job, userId } = await withTenant(own, async () => {
      const userId = await db.write((tx) => addUser(tx))
      return { job: throughJson(carryTenant({ userId })), userId }
    })
    const rows = () =>
      resumeTenant(
        job,
        () => db.read((tx) => tx.select({ id: users.id, tenantId: users.tenantId }).from(users)),
        tenantIds,
      )
    expect(await rows()).toEqual([{ id: userId, tenantId: own }])
    expect(await withTenant(other, rows)).toEqual([{ id: userId, tenantId: own }])
  })

  test('resumes with the actor, the request id and the payload', () => {
    inContext({ actor: 'Ada Lovelace <ada@example.com>', requestId: 'r-1' }, (tenantId) => {
      const job = throughJson(carryTenant({ invoice: 7 }))
      const seen = resumeTenant(job, (payload) => ({ payload, context: tenantContext() }), tenantIds)
      const context = { ...contextOf(tenantId), actor: 'Ada Lovelace <ada@example.com>', requestId: 'r-1' }
      expect(seen).toEqual({ payload: { invoice: 7 }, context } as never) // the type of the payload is unknown
    })
  })

  test('takes nothing from the current context', () => {
    const job = inContext({}, () => throughJson(carryTenant(1)))
    const signal = new AbortController().signal
    const seen = inContext({ actor: 'ada', requestId: 'r-1' }, (id) => {
      const seen = () => resumeTenant(job, () => Object.keys(tenantContext() ?? {}), tenantIds)
      return runInContext({ ...contextOf(id), signal }, seen)
    })
    expect(seen).toEqual(Object.keys(contextOf(newTenant())))
  })

  test('has any JSON payload, or undefined', () => {
    for (const payload of [null, 0, 'text', [1], { tenant: { id: 'its own' } }, undefined])
      inContext({}, () =>
        expect(resumeTenant(throughJson(carryTenant(payload)), (given) => given, tenantIds)).toEqual(payload),
      )
  })

  test('returns and throws what its work does', async () => {
    const job = inContext({}, () => carryTenant(1))
    expect(await resumeTenant(job, async () => 2, tenantIds)).toBe(2)
    expect(() => resumeTenant(job, never, tenantIds)).toThrow('The work ran')
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
    ['tenant.id', { tenant: { id: '_acme' } }],
    ['tenant.id', { tenant: { id: ` ${id}` } }],
    ['tenant.id', { tenant: { id: [id] } }],
    ['tenant.id', { tenant: { id: 7 } }],
    ['tenant.id', { tenant: Object.create({ id: '_acme' }) }],
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
  ])('is rejected with an error that names %s without its value, and the work does not run: %j', (field, job) => {
    const error = thrownBy(() => resumeTenant(job, never, tenantIds))
    expect(error).toBeInstanceOf(TenantNotCarried)
    expect(error).toMatchObject({ field, message: expect.stringContaining(`${field} must be `) })
    expect(String(error)).not.toContain(id)
  })

  test.each(['a', 'a'.repeat(255), 'Ådå Łøvelåce', '用户', 'auth0|5f7c8ec7c33c6c004bbafe82'])(
    'can have the actor %s',
    (actor) => {
      expect(resumeTenant({ tenant: { id, actor } }, () => tenantContext()?.actor, tenantIds)).toBe(actor)
    },
  )

  test('throws for an invalid actor', () => {
    expect(thrownBy(() => inContext({ actor: 'ada\n' }, () => carryTenant(1)))).toBeInstanceOf(TenantNotCarried)
  })

  test('leaves out an invalid request id', () => {
    expect(inContext({ requestId: 'r 1' }, () => carryTenant(1).tenant)).not.toHaveProperty('requestId')
  })

  test('throws outside of any tenant', () => {
    expect(() => carryTenant(1)).toThrow(TenantRequired)
  })
})
