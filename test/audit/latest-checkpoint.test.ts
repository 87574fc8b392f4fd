import { expect, test } from 'bun:test'
import { owner } from '../database/shared-database.ts'
import { readerOf } from './log.ts'

const note = (size: number) => `rowhouse.example/audit\n${size}\nroot=\n\n— key sig=\n`
const store = (tenant: string, size: number) =>
  owner`select tenancy.store_audit_checkpoint(${tenant}, ${size}, ${note(size)})`

test('without a checkpoint it is 404', async () => {
  const { client } = readerOf()
  const { status, error } = await client.get('/audit-log/checkpoint')
  expect([status, error?.code]).toEqual([404, 'NOT_FOUND'])
})

test('the last checkpoint is JSON, and the note itself as text', async () => {
  const { client, tenant } = readerOf()
  await store(tenant, 3)
  await store(tenant, 12)
  await owner`
    insert into tenancy.audit_checkpoints (tenant_id, day, size, note) values (${tenant}, '2026-01-01', 2, 'an older one')`
  const json = await client.get('/audit-log/checkpoint')
  expect(json).toMatchObject({ status: 200, data: { size: 12, note: note(12) } })
  const text = await client.get('/audit-log/checkpoint', { Accept: 'text/plain' })
  expect([text.status, text.body]).toEqual([200, note(12)])
  expect(text.headers.get('Content-Type')).toStartWith('text/plain')
  for (const { headers } of [json, text]) expect(headers.get('Vary')).toContain('Accept')
})

test('a caller without a role in the tenant does not get it', async () => {
  const { client, tenant } = readerOf()
  await store(tenant, 3)
  expect((await client.get('/audit-log/checkpoint', { 'X-Roles': 'viewer' })).status).toBe(403)
  expect((await client.get('/audit-log/checkpoint', { 'X-Roles': 'member' })).status).toBe(200)
})
