import { describe, expect, test } from 'bun:test'
import { owner } from '../database/shared-database.ts'
import { asOwner, main } from '../database.ts'
import { newTenant } from '../tenants.ts'
import { addEvents, append, newUser, readerOf } from './log.ts'

/** A tenant with entries, a checkpoint and a pruned entry, and another one. */
async function twoTenants() {
  const [a, b] = [readerOf(), readerOf()]
  await a.send('POST', '/users', { body: newUser() })
  await addEvents(a.tenant, 3)
  await append()
  await owner`select tenancy.store_audit_checkpoint(${a.tenant}, 4, 'a note')`
  await owner`insert into tenancy.audit_pruned (tenant_id, position, leaf) values (${a.tenant}, 1, '\\x00')`
  return { a, b }
}

test('another tenant reads no entry, in no format and under no filter', async () => {
  const { a, b } = await twoTenants()
  const [first] = await a.entries()
  expect(first).toBeDefined()
  expect(await b.entries()).toEqual([])
  expect(await b.lines()).toEqual([])
  expect((await b.csv()).rows).toHaveLength(1)
  for (const query of [`?target=${first?.targetId}`, '?actor=ada', '?action=created', '?resource=users'])
    expect([await b.entries(query), await b.lines(query)]).toEqual([[], []])
  expect((await b.client.get('/audit-log/checkpoint')).status).toBe(404)
  expect((await a.client.get('/audit-log/checkpoint')).status).toBe(200)
})

test('a cursor of another tenant is refused', async () => {
  const { a, b } = await twoTenants()
  const { body } = await a.get('?cursor=&limit=1')
  const { nextCursor } = (body as { meta: { pagination: { nextCursor: string } } }).meta.pagination
  expect((await a.get(`?cursor=${nextCursor}&limit=1`)).status).toBe(200)
  expect(await b.get(`?cursor=${nextCursor}&limit=1`)).toMatchObject({ status: 400, error: { code: 'BAD_REQUEST' } })
})

describe('injected SQL of a tenant', () => {
  const app = asOwner({ ...main, ownerUrl: main.appUrl })
  const stateOf = (text: string) =>
    app
      .begin(async (tx) => {
        await tx`select set_config('app.current_tenant', ${newTenant()}, true)`
        await tx.unsafe(text)
      })
      .then(
        () => undefined,
        ({ code }: { code: string }) => code,
      )

  test.each([
    "insert into tenancy.audit_entries (action, resource, source, changes_hash) values ('created', 'tasks', 'request', '')",
    "update tenancy.audit_entries set actor = 'eve'",
    'delete from tenancy.audit_entries',
    'truncate tenancy.audit_entries',
    "update tenancy.audit_checkpoints set note = ''",
    'delete from tenancy.audit_pruned',
    "select tenancy.erase_audit_changes('1', 'tasks', '1')",
  ])('is refused: %s', async (text) => {
    expect(await stateOf(text)).toBe('42501')
  })
})
