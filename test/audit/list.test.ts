import { describe, expect, test } from 'bun:test'
import { eq, sql } from 'drizzle-orm'
import { users } from '../../db/schema/users.ts'
import { owner } from '../database/shared-database.ts'
import { asOwner, createDatabase, db, main, open } from '../database.ts'
import { serviceOn } from '../idempotency/caller.ts'
import { newAcme } from '../service/http/app.ts'
import { newTenant, withTenant } from '../tenants.ts'
import { addEvents, append, newUser, readerOf, write } from './log.ts'

/** A tenant with a user that ada made and grace changed. */
async function withUser() {
  const reader = readerOf()
  const body = newUser()
  const { data } = await reader.send('POST', '/users', { body, headers: { 'X-Request-Id': 'request-1' } })
  await reader.send('PATCH', `/users/${data.id}`, {
    body: { name: 'Grace' },
    headers: { 'X-Actor': 'grace', 'X-Request-Id': 'request-2' },
  })
  return { ...reader, id: data.id, email: body.email }
}

test('an entry says who changed what in which request, and nothing else', async () => {
  const { entries, id } = await withUser()
  const [last, first] = await entries()
  expect(last).toEqual({
    id: expect.any(String),
    at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
    position: null,
    action: 'updated',
    resource: 'users',
    targetId: id,
    actor: 'grace',
    requestId: 'request-2',
    source: 'request',
    reason: null,
    changes: { name: { from: 'Ada', to: 'Grace' } },
  })
  expect(first).toMatchObject({ action: 'created', actor: 'ada', changes: { name: { from: null, to: 'Ada' } } })
})

test('an entry has a position when the worker has given it', async () => {
  const { entries } = await withUser()
  await append()
  expect((await entries()).map(({ position }) => position)).toEqual([2, 1])
})

test('the value of a redacted column is in no entry, only that it changed', async () => {
  const reader = await withUser()
  const email = newUser().email
  await reader.send('PATCH', `/users/${reader.id}`, { body: { email } })
  await reader.send('DELETE', `/users/${reader.id}`)
  const entries = await reader.entries()
  const changes = entries.map(({ changes }) => changes?.email)
  expect(changes).toEqual([
    { from: '[redacted]', to: null },
    { from: '[redacted]', to: '[redacted]' },
    undefined,
    { from: null, to: '[redacted]' },
  ])
  await append()
  const everything = JSON.stringify([entries, await reader.lines(), (await reader.csv()).text])
  expect(everything).not.toContain(reader.email)
  expect(everything).not.toContain(email)
  const [{ found } = { found: '' }] = await owner`
    select string_agg(e::text, '') as found from tenancy.audit_trail e where tenant_id = ${reader.tenant}`
  expect(found).toContain('[redacted]')
  expect(found).not.toContain(email)
})

test('a change of equal values and a transaction that is rolled back make no entry', async () => {
  const { entries, client, id, tenant } = await withUser()
  await client.patch(`/users/${id}`, { name: 'Grace' })
  await write(tenant, async (tx) => void (await tx.execute(sql`update users set name = name`)))
  const rolledBack = write(tenant, async (tx) => {
    await tx.execute(sql`update users set name = 'Eve'`)
    throw new Error('no')
  })
  await expect(rolledBack).rejects.toThrow('no')
  expect(await entries()).toHaveLength(2)
})

test('one statement over 1,000 rows makes 1,000 entries of its request', async () => {
  const { tenant, userId } = await newAcme()
  await write(tenant, async (tx) => {
    await tx.execute(sql`
      insert into tasks (title, user_id) select 'Task ' || n, ${userId}::uuid from generate_series(1, 999) as n`)
    await tx.execute(sql`update tasks set status = 'done'`)
  })
  await append()
  const { lines } = readerOf(tenant)
  const updates = await lines('?action=updated')
  expect(updates).toHaveLength(1000)
  expect(new Set(updates.map(({ changes }) => JSON.stringify(changes))).size).toBe(1)
  expect(new Set(updates.map(({ targetId }) => targetId)).size).toBe(1000)
})

test('a cascade makes an entry for each row that falls, of the request that deleted the first', async () => {
  const database = await createDatabase()
  await asOwner(database).unsafe(`
    alter table tasks drop constraint tasks_tenant_id_user_id_fkey, add constraint tasks_tenant_id_user_id_fkey
    foreign key (tenant_id, user_id) references users (tenant_id, id) on delete cascade`)
  const reader = readerOf(newTenant(), serviceOn(open(database)))
  const { data: user } = await reader.send('POST', '/users', { body: newUser() })
  for (const title of ['one', 'two', 'three']) await reader.send('POST', '/tasks', { body: { title, userId: user.id } })
  const headers = { 'X-Actor': 'grace', 'X-Request-Id': 'the-deletion' }
  await reader.send('DELETE', `/users/${user.id}`, { headers })
  const deleted = await reader.entries('?action=deleted')
  expect(deleted.map(({ resource }) => resource).toSorted()).toEqual(['tasks', 'tasks', 'tasks', 'users'])
  for (const entry of deleted)
    expect(entry).toMatchObject({ actor: 'grace', requestId: 'the-deletion', source: 'request' })
})

test('entries of interleaved requests have the actor and the id of their own request', async () => {
  const reader = readerOf(newTenant(), serviceOn(open(main, 2)))
  const taken = newUser()
  await reader.send('POST', '/users', {
    body: { ...taken, name: 'ada 1000' },
    headers: { 'X-Request-Id': 'request-1000' },
  })
  const send = (number: number) =>
    reader.send('POST', '/users', {
      // A tenth is rolled back: the address is taken.
      body: { ...(number % 10 ? newUser() : taken), name: `${number % 2 ? 'ada' : 'grace'} ${number}` },
      headers: { 'X-Actor': number % 2 ? 'ada' : 'grace', 'X-Request-Id': `request-${number}` },
    })
  for (let at = 0; at < 400; at += 40) await Promise.all(Array.from({ length: 40 }, (_, index) => send(at + index)))
  await append()
  const entries = await reader.lines()
  expect(entries).toHaveLength(361)
  for (const { actor, requestId, changes } of entries)
    expect(`${actor} ${requestId?.replace('request-', '')}`).toBe(String(changes?.name?.to))
})

test('the owner’s change has the tenant of its row, and the source owner', async () => {
  const { entries, id } = await withUser()
  await owner`update users set name = 'Migrated' where id = ${id}`
  expect((await entries())[0]).toMatchObject({ source: 'owner', actor: null, requestId: null, reason: null })
})

test('after a deadlock, the transaction that ran again has its entries once', async () => {
  const { tenant, send, entries } = readerOf()
  const ids: string[] = []
  for (let count = 0; count < 2; count += 1) ids.push((await send('POST', '/users', { body: newUser() })).data.id)
  const both = Promise.withResolvers<void>()
  let waiting = 0
  const rename = (actor: string, order: string[]) =>
    withTenant(
      tenant,
      () =>
        db.write(async (tx) => {
          for (const id of order) {
            await tx
              .update(users)
              .set({ name: `${actor} ${id}` })
              .where(eq(users.id, id))
            waiting += 1
            if (waiting === 2) both.resolve()
            await both.promise
          }
        }),
      { actor },
    )
  await Promise.all([rename('ada', ids), rename('grace', ids.toReversed())])
  const updates = await entries('?action=updated')
  expect(updates.map(({ actor }) => actor).toSorted()).toEqual(['ada', 'ada', 'grace', 'grace'])
  for (const { actor, targetId, changes } of updates) expect(changes?.name?.to).toBe(`${actor} ${targetId}`)
})

describe('a filter', () => {
  test.each([
    ['actor=grace', ['updated']],
    ['action=created', ['created']],
    ['action=created,updated', ['updated', 'created']],
    ['action=deleted', []],
    ['resource=users', ['updated', 'created']],
    ['resource=tasks', []],
    ['actor=grace&action=created', []],
  ])('%s selects entries', async (query, actions) => {
    const { entries, lines } = await withUser()
    await append()
    expect((await entries(`?${query}`)).map(({ action }) => action)).toEqual(actions)
    expect((await lines(`?${query}`)).map(({ action }) => action)).toEqual(actions.toReversed())
  })

  test('target selects the entries of one row', async () => {
    const { entries, lines, id, send } = await withUser()
    await send('POST', '/users', { body: newUser() })
    await append()
    expect(await entries()).toHaveLength(3)
    expect([(await entries(`?target=${id}`)).length, (await lines(`?target=${id}`)).length]).toEqual([2, 2])
  })

  test('from includes its time, and to excludes it', async () => {
    const { entries, lines, tenant } = await withUser()
    await owner.begin(async (tx) => {
      await tx`set local session_replication_role = replica`
      await tx`update tenancy.audit_queue set at = '2026-05-01T10:00:00Z' where tenant_id = ${tenant} and before is null`
      await tx`update tenancy.audit_queue set at = '2026-05-01T12:00:00Z' where tenant_id = ${tenant} and before is not null`
    })
    await append()
    const found = async (query: string) => {
      const actions = (await entries(query)).map(({ action }) => action)
      expect((await lines(query)).map(({ action }) => action).toReversed()).toEqual(actions)
      return actions
    }
    expect(await found('?from=2026-05-01T12:00:00%2B02:00')).toEqual(['updated', 'created'])
    expect(await found('?from=2026-05-01T10:00:00.001Z')).toEqual(['updated'])
    expect(await found('?to=2026-05-01T12:00:00Z')).toEqual(['created'])
    expect(await found('?from=2026-05-01T10:00:00Z&to=2026-05-01T10:00:00Z')).toEqual([])
  })

  test.each([
    ['from=2026-05-01', 'from'],
    ['to=2026-05-01T10:00:00', 'to'],
    ['actor=', 'actor'],
    ['action=created,,updated', 'action'],
    [`action=${'a,'.repeat(100)}a`, 'action'],
    ['target=%00', 'target'],
    ['sort=actor', 'sort'],
    ['source=request', 'source'],
  ])('%s is refused by the name of its field', async (query, path) => {
    const { get } = readerOf()
    for (const Accept of ['application/json', 'text/csv', 'application/x-ndjson'])
      expect(await get(`?${query}`, { Accept })).toMatchObject({
        status: 400,
        error: { code: 'VALIDATION_FAILED', details: [{ path, in: 'query' }] },
      })
  })
})

test('a walk by cursor reads each entry once, the newest first', async () => {
  const { tenant, get } = readerOf()
  await addEvents(tenant, 7)
  const seen: string[] = []
  let cursor: string | null = ''
  while (cursor !== null) {
    const { body } = await get(`?limit=3&cursor=${cursor}`)
    const { data, meta } = body as { data: { id: string; at: string }[]; meta: { pagination: { nextCursor: string } } }
    seen.push(...data.map(({ at, id }) => `${at} ${id}`))
    cursor = meta.pagination.nextCursor
  }
  expect(seen).toEqual(seen.toSorted().toReversed())
  expect(new Set(seen).size).toBe(7)
})
