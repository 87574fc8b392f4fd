import { describe, expect, test } from 'bun:test'
import { createConfig, lintFromString } from '@redocly/openapi-core'
import { demo } from '../../db/schema/demo.ts'
import { seed } from '../../db/seed.ts'
import { createDocument } from '../../src/openapi/index.ts'
import { header } from '../../src/resolution/index.ts'
import { createApp } from '../../src/service/app.ts'
import { testClient } from '../../src/testing/index.ts'
import { app, deps } from '../app.ts'
import { asOwner, createDatabase, open } from '../database.ts'
import { newTenant } from '../tenants.ts'

interface Operation {
  operationId: string
  summary: string
  tags: string[]
  security?: object[]
  parameters?: { name?: string; example?: unknown; schema?: { example?: unknown } }[]
  responses: Record<string, unknown>
}
interface Document {
  openapi: string
  tags: { name: string }[]
  components: { securitySchemes: { tenant: { name: string } } }
  paths: Record<string, Record<string, Operation>>
}

const text = await (await app.request('/openapi.json')).text()
const document: Document = JSON.parse(text)
const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ path, method, ...operation })),
)

test('the document is OpenAPI 3.1', () => expect(document.openapi).toBe('3.1.0'))

test('a public linter finds no error in the document', async () => {
  const config = await createConfig({ extends: ['recommended'] })
  const problems = await lintFromString({ source: text, config })
  expect(
    problems.filter(({ severity }) => severity === 'error').map(({ ruleId, message }) => `${ruleId}: ${message}`),
  ).toEqual([])
})

test('builds the document once: a path that is declared after the first request is missing', async () => {
  const app = createApp(deps)
  expect(await (await app.request('/openapi.json')).text()).toBe(text)
  app.openAPIRegistry.registerPath({ method: 'get', path: '/late', responses: { 200: { description: 'Late' } } })
  expect(createDocument(app, { title: '', version: '', description: '', tags: {}, tenantHeader })).toContain('/late')
  expect(await (await app.request('/openapi.json')).text()).toBe(text)
})
const tenantHeader = { name: 'X-Tenant-Id', example: demo.acme.tenantId }

test('a client that has the document is not sent it again', async () => {
  const etag = (await app.request('/openapi.json')).headers.get('ETag') ?? ''
  expect((await app.request('/openapi.json', { headers: { 'If-None-Match': etag } })).status).toBe(304)
})

describe('the conditions of requests are in the document', () => {
  const ofConditions = (name: string): boolean => /^If-(None-)?Match$/.test(name)
  const found = operations.map(({ operationId, parameters = [], responses }) => {
    const etags = Object.entries(responses).filter(([, response]) =>
      Object.hasOwn(Object(response).headers ?? {}, 'ETag'),
    )
    return {
      operationId,
      conditions: parameters.map(({ name = '' }) => name).filter(ofConditions),
      etags: etags.map(([status]) => status),
      statuses: Object.keys(responses).filter((status): boolean => status === '304' || status === '412'),
    }
  })
  test.each(['User', 'Task'])('for a %s', (name) => {
    const noCondition = { conditions: [], statuses: [] }
    expect(found).toContainEqual({ operationId: `list${name}s`, ...noCondition, etags: [] })
    expect(found).toContainEqual({ operationId: `create${name}`, ...noCondition, etags: ['201'] })
    const read = { conditions: ['If-None-Match'], etags: ['200', '304'], statuses: ['304'] }
    expect(found).toContainEqual({ operationId: `get${name}`, ...read })
    const write = { conditions: ['If-Match', 'If-None-Match'], statuses: ['412'] }
    expect(found).toContainEqual({ operationId: `update${name}`, ...write, etags: ['200'] })
    expect(found).toContainEqual({ operationId: `delete${name}`, ...write, etags: [] })
  })
})

test('no two operations share an operationId', () => {
  const ids = operations.map(({ operationId }) => operationId)
  expect(new Set(ids).size).toBe(ids.length)
})

describe.each(operations)('$method $path', ({ operationId, summary, tags, security, responses, path, method }) => {
  test('has an operationId, a summary and described tags', () => {
    expect(operationId).toMatch(/^[a-z]+[A-Z][A-Za-z]+$/)
    expect(summary.length).toBeGreaterThan(5)
    expect(document.tags.map(({ name }) => name)).toEqual(expect.arrayContaining(tags))
    expect(tags.length).toBeGreaterThan(0)
  })

  test('declares the failures that follow from its shape', () => {
    const statuses = Object.keys(responses)
    if (!tags.includes('health')) expect(statuses).toEqual(expect.arrayContaining(['400', '403', '500', '503']))
    if (path.includes('{id}')) expect(statuses).toContain('404')
    if (method !== 'get') expect(statuses).toEqual(expect.arrayContaining(['408', '413', '415']))
  })

  test('requires the tenant, unless it is public', () => {
    expect(security).toEqual(tags.includes('health') ? undefined : [{ tenant: [] }])
  })
})

test('TENANT_HEADER renames the header in the service and in the document', async () => {
  const renamed = createApp({ ...deps, tenant: { ...deps.tenant, from: header('X-Org') }, tenantHeader: 'X-Org' })
  const described: Document = JSON.parse(await (await renamed.request('/openapi.json')).text())
  expect(described.components.securitySchemes.tenant.name).toBe('X-Org')
  expect((await renamed.request('/tasks', { headers: { 'X-Org': newTenant() } })).status).toBe(200)
  const unnamed = await renamed.request('/tasks', { headers: { 'X-Tenant-Id': newTenant() } })
  expect(unnamed.status).toBe(403)
  expect(await unnamed.text()).toContain('X-Org')
})

test('without a header that names the tenant, none is in the document', async () => {
  const { components } = await (await createApp({ ...deps, tenantHeader: undefined }).request('/openapi.json')).json()
  expect(components.securitySchemes).toEqual({})
})

test('the examples of the document work with the demo tenant', async () => {
  const database = await createDatabase()
  const db = open(database)
  await seed(db)
  await asOwner(database)`select tenancy.store_audit_checkpoint(${demo.acme.tenantId}, 1, 'a note')`
  const acme = testClient(createApp({ ...deps, db })).as(demo.acme.tenantId)
  for (const { path, method, operationId, parameters = [] } of operations.filter(
    ({ tags }) => !tags.includes('health'),
  )) {
    const example = parameters.find(({ name }) => name === 'id')?.schema?.example
    const isTried = method === 'get' && (example !== undefined || !path.includes('{id}'))
    if (isTried)
      expect([operationId, (await acme.get(path.replace('{id}', String(example)))).status]).toEqual([operationId, 200])
  }
})

describe('with AUTH=jwt', () => {
  test('operations of tenants require a token, alone or with the tenant header', async () => {
    const verifying = await (await createApp({ ...deps, bearer: true }).request('/openapi.json')).json()
    expect(verifying.components.securitySchemes.bearer).toEqual({ type: 'http', scheme: 'bearer', bearerFormat: 'JWT' })
    const security = [{ bearer: [] }, { bearer: [], tenant: [] }]
    for (const { path, method, tags } of operations)
      expect(verifying.paths[path][method].security).toEqual(tags.includes('health') ? undefined : security)
  })

  test('the document has no linter error', async () => {
    const source = await (await createApp({ ...deps, bearer: true }).request('/openapi.json')).text()
    const config = await createConfig({ extends: ['recommended'] })
    const problems = await lintFromString({ source, config })
    expect(problems.filter(({ severity }) => severity === 'error').map(({ message }) => message)).toEqual([])
  })
})
