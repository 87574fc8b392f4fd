import { expect, test } from 'bun:test'
import { Hono } from 'hono'
import { testClient } from '../../src/testing/index.ts'

const app = new Hono().all('/', async (c) => {
  const { method } = c.req
  return c.json({
    data: [method, c.req.header('X-Tenant-Id'), c.req.header('X-Own'), method === 'GET' || (await c.req.text())],
  })
})

test('each method of a test client sends headers beside those of the tenant and of the body', async () => {
  const client = testClient(app).as('acme')
  const own = { 'X-Own': 'own' }
  expect([
    (await client.get('/', own)).data,
    (await client.post('/', { a: 1 }, own)).data,
    (await client.patch('/', { a: 2 }, own)).data,
    (await client.delete('/', own)).data,
    (await client.get('/')).data,
  ]).toEqual<unknown[]>([
    ['GET', 'acme', 'own', true],
    ['POST', 'acme', 'own', '{"a":1}'],
    ['PATCH', 'acme', 'own', '{"a":2}'],
    ['DELETE', 'acme', 'own', ''],
    ['GET', 'acme', null, true],
  ])
})
