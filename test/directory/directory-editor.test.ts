import { afterAll, describe, expect, spyOn, test } from 'bun:test'
import { createPool } from '../../src/database/index.ts'
import { createDirectoryEditor, type NewTenant, TenantExists, TenantNotFound } from '../../src/directory/index.ts'
import { createTenantDirectory } from '../../src/resolution/index.ts'
import { startAdminServer } from '../database/admin-server.ts'
import { newTenant, tenantIdType, withTenant } from '../tenants.ts'

const server = await startAdminServer()
const log = { info: () => {}, error: () => {} }
const open = (url: string) => createDirectoryEditor({ connections: createPool({ url, size: 4 }), log })
const tenants = open(server.directoryUrl)
const reader = createTenantDirectory({ connections: createPool({ url: server.appUrl, size: 1 }), cacheMs: 0 })
afterAll(async () => {
  await tenants.close()
  await reader.close()
})

const by = { actor: 'ada', reason: 'a test' }
const newSlug = () => `t${crypto.randomUUID().slice(0, 13)}`
const create = (given: Partial<NewTenant> = {}) => tenants.create({ slug: newSlug(), name: 'Acme Inc.', ...given }, by)
const failureOf = (promise: Promise<unknown>) =>
  promise.then(
    () => undefined,
    (error: unknown) => error,
  )
/** The field of TenantExists. */
const takenOf = async (promise: Promise<unknown>) => {
  const error = await failureOf(promise)
  return error instanceof TenantExists ? error.field : error
}
const invalid = (path: string) => ({ code: 'VALIDATION_FAILED', details: [{ path }] })
const domainsOf = (slug: string) => [`${slug}.example`, `xn--bcher-kva.${slug}.example`]

describe('create', () => {
  test('makes a tenant that the service finds by each of its names', async () => {
    const slug = newSlug()
    const made = await create({
      slug,
      externalId: `org_${slug}`,
      domains: [`Bücher.${slug}.EXAMPLE.`, `${slug}.example`],
    })
    const instant = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
    expect(made).toEqual({
      id: expect.stringMatching(tenantIdType === 'bigint' ? /^[1-9][0-9]*$/ : /^[0-9a-f-]{36}$/),
      ...{ slug, name: 'Acme Inc.', externalId: `org_${slug}`, domains: domainsOf(slug), status: 'active' },
      ...{ createdAt: instant, updatedAt: instant },
    })
    for (const key of [
      { id: made.id },
      { slug },
      { externalId: `org_${slug}` },
      ...domainsOf(slug).map((domain) => ({ domain })),
    ])
      expect([key, await reader.find(key)]).toEqual([key, expect.objectContaining({ id: made.id, status: 'active' })])
  })

  test('takes an id of another system', async () => {
    const id = newTenant()
    expect(await create({ id })).toMatchObject({ id, externalId: null, domains: [] })
  })

  test.each(['id', 'slug', 'externalId', 'domains'] as const)(
    'throws TenantExists that names the taken %s',
    async (field) => {
      const slug = newSlug()
      const one = await create({ slug, externalId: slug, domains: [`${slug}.example`] })
      const same = {
        id: { id: one.id },
        slug: { slug },
        externalId: { externalId: slug },
        domains: { domains: [`new.${slug}.example`, `${slug.toUpperCase()}.example.`] },
      }
      expect(await takenOf(create(same[field]))).toBe(field)
      expect(await failureOf(create(same[field]))).toMatchObject({
        code: 'CONFLICT',
        details: [{ path: field === 'domains' ? 'domains.1' : field, code: 'taken' }],
      })
    },
  )

  test.each(['slug', 'externalId', 'domains'] as const)(
    'gives %s to one of ten calls at the same time',
    async (field) => {
      const slug = newSlug()
      const same = { slug: { slug }, externalId: { externalId: slug }, domains: { domains: domainsOf(slug) } }
      const outcomes = await Promise.all(
        Array.from({ length: 10 }, () =>
          create(same[field]).then(
            () => 'created',
            (error: unknown) => (error instanceof TenantExists ? error.field : String(error)),
          ),
        ),
      )
      expect(outcomes.sort()).toEqual(['created', ...Array(9).fill(field)].sort())
    },
  )

  test('keeps nothing of a tenant whose domain is taken', async () => {
    const { domains } = await create({ domains: [`${newSlug()}.example`] })
    const slug = newSlug()
    expect(await takenOf(create({ slug, domains }))).toBe('domains')
    expect(await failureOf(tenants.get({ slug }))).toBeInstanceOf(TenantNotFound)
  })

  test('accepts an external id that is the slug of another tenant', async () => {
    const { slug, id } = await create()
    const other = await create({ externalId: slug })
    expect(await reader.find({ slug })).toMatchObject({ id })
    expect(await reader.find({ externalId: slug })).toMatchObject({ id: other.id })
  })

  test.each<[Partial<NewTenant>, string]>([
    [{ slug: 'Acme' }, 'slug'],
    [{ slug: crypto.randomUUID() }, 'slug'],
    [{ slug: 'www' }, 'slug'],
    [{ slug: 'admin' }, 'slug'],
    [{ name: ' ' }, 'name'],
    [{ name: 'x'.repeat(201) }, 'name'],
    [{ name: 'a\u001b[31m' }, 'name'],
    [{ id: '_1' }, 'id'],
    [{ externalId: '' }, 'externalId'],
    [{ externalId: 'a\nb' }, 'externalId'],
    [{ domains: ['localhost'] }, 'domains.0'],
    [{ domains: ['https://acme.example'] }, 'domains.0'],
    [{ domains: ['acme.example:80'] }, 'domains.0'],
    [{ domains: ['10.0.0.1'] }, 'domains.0'],
    [{ domains: ['a.example', '*.example'] }, 'domains.1'],
    [{ domains: [`${'a.'.repeat(130)}example`] }, 'domains.0'],
    [{ domains: Array.from({ length: 101 }, (_, index) => `a${index}.example`) }, 'domains'],
  ])('rejects %p', async (given, path) => {
    expect(await failureOf(create(given))).toMatchObject({ code: 'VALIDATION_FAILED', details: [{ path }] })
  })

  // What `await c.req.json()` may return: it has the type any.
  test.each<[string, string]>([
    ['{"name":"Evil"}', 'slug'],
    ['{"slug":"evil"}', 'name'],
    ['{"slug":["api"],"name":"Evil"}', 'slug'],
    ['{"slug":"evil","name":5}', 'name'],
    ['{"slug":"evil","name":["Evil"]}', 'name'],
    ['{"slug":"evil","name":"Evil","id":null}', 'id'],
    ['{"slug":"evil","name":"Evil","externalId":null}', 'externalId'],
    ['{"slug":"evil","name":"Evil","externalId":["e"]}', 'externalId'],
    ['{"slug":"evil","name":"Evil","domains":"evil.example"}', 'domains'],
    ['{"slug":"evil","name":"Evil","domains":[5]}', 'domains.0'],
    ['[]', ''],
    ['null', ''],
  ])('rejects the body %s', async (body, path) => {
    expect(await failureOf(tenants.create(JSON.parse(body), by))).toMatchObject(invalid(path))
  })

  test.each([
    { actor: '' },
    { actor: 'a\nb' },
    { actor: 'x'.repeat(256) },
    { reason: ' ' },
    { reason: 'x'.repeat(501) },
  ])('rejects a change by %p', async (given) => {
    expect(await failureOf(tenants.create({ slug: newSlug(), name: 'x' }, { ...by, ...given }))).toBeInstanceOf(
      TypeError,
    )
  })
})

describe('get', () => {
  test('finds a tenant by each kind of key, and by no other kind', async () => {
    const slug = newSlug()
    const made = await create({ slug, externalId: `org_${slug}`, domains: [`${slug}.example`] })
    for (const key of [{ id: made.id }, { slug }, { externalId: `org_${slug}` }, { domain: `${slug}.example` }])
      expect(await tenants.get(key)).toEqual(made)
    for (const key of [
      { id: newTenant() },
      { externalId: slug },
      { slug: `org-${slug}` },
      { domain: slug },
      { id: slug },
    ])
      expect(await failureOf(tenants.get(key))).toBeInstanceOf(TenantNotFound)
  })
})

describe('list', () => {
  test('returns each tenant once, in the order of the slugs', async () => {
    const own = open(server.adminUrl)
    const slugs = await Promise.all(Array.from({ length: 5 }, async () => (await create()).slug))
    const seen: string[] = []
    let after: string | undefined
    do {
      const page = await own.list({ limit: 2, after })
      expect(page.tenants.length).toBeLessThanOrEqual(2)
      seen.push(...page.tenants.map(({ slug }) => slug))
      after = page.next
    } while (after !== undefined)
    expect(seen).toEqual([...new Set(seen)].sort())
    expect(seen).toEqual(expect.arrayContaining(slugs))
    await own.close()
  })

  test('returns only tenants with the status', async () => {
    const [active, suspended] = [await create(), await create()]
    await tenants.suspend({ id: suspended.id }, by)
    const { tenants: found } = await tenants.list({ status: 'suspended', limit: 1000 })
    expect(found.map(({ id }) => id)).toContain(suspended.id)
    expect(found.map(({ id }) => id)).not.toContain(active.id)
  })

  test.each([0, 1001, 1.5, Number.NaN])('rejects the limit %p', async (limit) => {
    expect(await failureOf(tenants.list({ limit }))).toMatchObject(invalid('limit'))
    expect(await failureOf(tenants.history({ id: newTenant() }, { limit }))).toMatchObject(invalid('limit'))
  })
})

test('list and history reject what a query may contain instead', async () => {
  const { id } = await create()
  expect(await failureOf(tenants.list(JSON.parse('{"status":"bogus"}')))).toMatchObject(invalid('status'))
  expect(await failureOf(tenants.list({ after: '\u0000' }))).toMatchObject(invalid('after'))
  expect(await failureOf(tenants.history({ id }, { before: 'nope' }))).toMatchObject(invalid('before'))
})

describe('rename', () => {
  test('changes what is given, and keeps the rest', async () => {
    const slug = newSlug()
    const made = await create({ slug, externalId: slug, domains: [`${slug}.example`] })
    expect(await tenants.rename({ id: made.id }, { name: 'Globex' }, by)).toMatchObject({
      ...{ slug, name: 'Globex', externalId: slug, domains: made.domains },
    })
    const to = newSlug()
    await tenants.rename({ id: made.id }, { slug: to, domains: [`${to}.example`] }, by)
    expect(await reader.find({ slug: to })).toMatchObject({ id: made.id, domains: [`${to}.example`] })
    expect([await reader.find({ slug }), await reader.find({ domain: `${slug}.example` })]).toEqual([
      undefined,
      undefined,
    ])
  })

  test('keeps the former slug and external id from other tenants, for a token may still name them', async () => {
    const [slug, externalId] = [newSlug(), newSlug()]
    const { id } = await create({ slug, externalId })
    await tenants.rename({ id }, { slug: newSlug(), externalId: newSlug() }, by)
    const other = await create()
    expect(await takenOf(create({ slug }))).toBe('slug')
    expect(await takenOf(create({ externalId }))).toBe('externalId')
    expect(await takenOf(tenants.rename({ id: other.id }, { slug }, by))).toBe('slug')
    expect(await tenants.rename({ id }, { slug, externalId }, by)).toMatchObject({ slug, externalId })
  })

  test('keeps a former slug from a tenant that is created at the same time', async () => {
    for (const _ of Array(5)) {
      const slug = newSlug()
      const { id } = await create({ slug })
      const [, created] = await Promise.all([
        tenants.rename({ id }, { slug: newSlug() }, by),
        takenOf(create({ slug })),
      ])
      expect(created).toBe('slug')
    }
  })

  test('answers two tenants that swap their domains at the same time with TenantExists, and with no deadlock', async () => {
    const names = domainsOf(newSlug())
    const pair = await Promise.all(names.map((domain) => create({ domains: [domain] })))
    for (const _ of Array(2)) {
      const swap = pair.map(({ id }, index) =>
        takenOf(tenants.rename({ id }, { domains: [names[1 - index] ?? '', `${id}.example`] }, by)),
      )
      // Each of them wants what the other one has or had.
      expect(await Promise.all(swap)).toEqual(['domains', 'domains'])
    }
  })

  test.each<[string, string]>([
    ['{"slug":["api"]}', 'slug'],
    ['{"name":null}', 'name'],
    ['{"domains":"evil.example"}', 'domains'],
    ['{"releaseDomains":true}', 'releaseDomains'],
    ['{"domains":[],"releaseDomains":"true"}', 'releaseDomains'],
  ])('rejects the body %s', async (body, path) => {
    const { id } = await create()
    expect(await failureOf(tenants.rename({ id }, JSON.parse(body), by))).toMatchObject(invalid(path))
  })

  test('throws for an unknown tenant and for a reserved slug', async () => {
    expect(await failureOf(tenants.rename({ slug: newSlug() }, { name: 'x' }, by))).toBeInstanceOf(TenantNotFound)
    const { id } = await create()
    expect(await failureOf(tenants.rename({ id }, { slug: 'api' }, by))).toMatchObject({ code: 'VALIDATION_FAILED' })
  })
})

describe('suspend and resume', () => {
  test('change the status, and nothing when they are repeated', async () => {
    const { id, slug } = await create()
    expect(await tenants.suspend({ slug }, by)).toMatchObject({ id, status: 'suspended' })
    expect(await reader.find({ slug })).toMatchObject({ status: 'suspended' })
    await tenants.suspend({ id }, by)
    expect(await tenants.resume({ id }, by)).toMatchObject({ status: 'active' })
    expect((await tenants.history({ id })).map(({ action }) => action)).toEqual(['resume', 'suspend', 'create'])
  })

  test('throw for an unknown tenant', async () => {
    expect(await failureOf(tenants.suspend({ slug: newSlug() }, by))).toBeInstanceOf(TenantNotFound)
    expect(await failureOf(tenants.resume({ id: newTenant() }, by))).toBeInstanceOf(TenantNotFound)
  })
})

describe('history', () => {
  test('has each change with its actor, its reason, its login, and the values before and after', async () => {
    const slug = newSlug()
    const { id } = await create({ slug, domains: [`${slug}.example`] })
    await tenants.rename({ id }, { name: 'Globex' }, { actor: 'bob', reason: 'Ticket 4711' })
    await tenants.rename({ id }, { domains: [] }, { actor: 'eve', reason: 'Ticket 4712' })
    const row = { slug, name: 'Acme Inc.', status: 'active', external_id: null }
    const login = 'app_directory'
    expect(await tenants.history({ id })).toMatchObject([
      {
        action: 'remove domain',
        actor: 'eve',
        reason: 'Ticket 4712',
        login,
        before: { domain: `${slug}.example` },
        after: null,
      },
      { action: 'rename', actor: 'bob', reason: 'Ticket 4711', login, before: row, after: { ...row, name: 'Globex' } },
      { action: 'add domain', ...by, login, before: null, after: { domain: `${slug}.example` } },
      { action: 'create', ...by, login, before: null, after: row },
    ])
  })

  test('is read in pages', async () => {
    const { id } = await create()
    await tenants.suspend({ id }, by)
    await tenants.resume({ id }, by)
    const [last, middle] = await tenants.history({ id }, { limit: 2 })
    expect([last?.action, middle?.action]).toEqual(['resume', 'suspend'])
    const rest = await tenants.history({ id }, { before: middle?.id ?? '' })
    expect(rest.map(({ action }) => action)).toEqual(['create'])
  })

  test('has no change that was rolled back or changed nothing', async () => {
    const { id, slug } = await create()
    await failureOf(create({ slug }))
    await tenants.rename({ id }, { slug, name: 'Acme Inc.' }, by)
    await tenants.rename({ id }, {}, by)
    expect(await tenants.history({ id })).toHaveLength(1)
  })

  test('has a change by SQL of the owner too, with the login', async () => {
    const { id } = await create()
    await server.owner`update tenancy.tenants set status = 'suspended' where id = ${id}`
    const [last] = await tenants.history({ id })
    expect(last).toMatchObject({ action: 'suspend', actor: null, reason: null, login: 'postgres' })
  })
})

test('a call in the context of a tenant is refused', async () => {
  const call = withTenant(newTenant(), () => failureOf(tenants.list()))
  expect(await call).toMatchObject({ name: 'TransactionMisuse' })
})

test('the login of the service is refused', async () => {
  const wrong = open(server.appUrl)
  expect(await failureOf(wrong.list())).toMatchObject({ name: 'WrongAdminLogin' })
  await wrong.close()
})

test('without a logger, each call is one line of JSON on the console', async () => {
  const written: string[] = []
  const spy = spyOn(console, 'info').mockImplementation((line: string) => void written.push(line))
  const quiet = createDirectoryEditor({ connections: createPool({ url: server.directoryUrl, size: 1 }) })
  await quiet.list({ limit: 1 }, { actor: 'ada' })
  spy.mockRestore()
  await quiet.close()
  const line = { level: 'info', message: 'administrative work', reason: 'read the tenant directory', actor: 'ada' }
  expect(written.map((text) => JSON.parse(text))).toEqual([expect.objectContaining(line)])
})
