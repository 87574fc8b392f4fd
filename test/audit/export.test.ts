import { describe, expect, test } from 'bun:test'
import { createHash } from 'node:crypto'
import { audit } from '../../src/audit/index.ts'
import { owner } from '../database/shared-database.ts'
import { addEvents, append, newUser, readerOf, write } from './log.ts'

const asCsv = { Accept: 'text/csv' }
const asNdjson = { Accept: 'application/x-ndjson' }

test('an export has all entries that have a position, the oldest first, each once', async () => {
  const { tenant, lines, csv, entries } = readerOf()
  await addEvents(tenant, 250)
  expect([await lines(), (await csv()).rows.length]).toEqual([[], 1])
  await append()
  await addEvents(tenant, 5)
  const found = await lines()
  expect(found.map(({ position }) => position)).toEqual(Array.from({ length: 250 }, (_, index) => index + 1))
  expect(new Set(found.map(({ id }) => id)).size).toBe(250)
  expect((await csv()).rows).toHaveLength(251)
  expect((await entries('?limit=5')).every(({ position }) => position === null)).toBe(true)
})

test('an export with a limit has the oldest entries', async () => {
  const { tenant, lines, csv } = readerOf()
  await addEvents(tenant, 9)
  await append()
  expect((await lines('?limit=2')).map(({ position }) => position)).toEqual([1, 2])
  expect((await csv('?limit=2&action=thing.counted')).rows).toHaveLength(3)
})

test('a filter selects entries of an export across its batches', async () => {
  const { tenant, lines } = readerOf()
  for (let part = 0; part < 3; part += 1) {
    await addEvents(tenant, 90, 'thing.counted')
    await addEvents(tenant, 60, 'thing.found')
  }
  await append()
  const found = await lines('?action=thing.found')
  expect(found).toHaveLength(180)
  const positions = found.map(({ position }) => position ?? 0)
  expect(positions).toEqual(positions.toSorted((one, other) => one - other))
  expect(await lines('?target=60')).toHaveLength(6)
})

test('a line of NDJSON is the entry of the list, with the salt and the hash of its changes', async () => {
  const { send, lines, entries } = readerOf()
  await send('POST', '/users', { body: newUser() })
  await append()
  const [entry] = await entries()
  const [line] = await lines()
  expect(line).toEqual({
    ...(entry ?? expect.unreachable()),
    salt: expect.stringMatching(/^[0-9a-f]{32}$/),
    changesHash: expect.stringMatching(/^[0-9a-f]{64}$/),
  })
  // As PostgreSQL writes jsonb: shorter keys first.
  const text = `{${Object.entries(line?.changes ?? {})
    .map(([name, { from, to }]) => `"${name}": {"to": ${JSON.stringify(to)}, "from": ${JSON.stringify(from)}}`)
    .join(', ')}}`
  const hash = createHash('sha256')
    .update(Buffer.from(line?.salt ?? '', 'hex'))
    .update(text)
  expect(hash.digest('hex')).toBe(line?.changesHash ?? '')
})

test('of an entry that was erased, the export has the hash alone', async () => {
  const { tenant, send, lines, csv, entries } = readerOf()
  const { data } = await send('POST', '/users', { body: { ...newUser(), name: 'Forgotten' } })
  await append()
  const [before] = await lines()
  await owner`select tenancy.erase_audit_changes(${tenant}, 'users', ${data.id})`
  expect(await lines()).toEqual([{ ...(before ?? expect.unreachable()), changes: null, salt: null }])
  expect((await entries())[0]).toMatchObject({ targetId: data.id, changes: null })
  const { text, rows } = await csv()
  expect(text).not.toContain('Forgotten')
  expect(rows[1]?.slice(-3)).toEqual(['', '', ''])
})

test('of a pruned entry, an export without filters has its position and its leaf', async () => {
  const { tenant, lines, csv } = readerOf()
  await addEvents(tenant, 4)
  await append()
  await owner.begin(async (tx) => {
    await tx`set local session_replication_role = replica`
    await tx`delete from tenancy.audit_entries where tenant_id = ${tenant} and position in (1, 3)`
    await tx`
      insert into tenancy.audit_pruned (tenant_id, position, leaf)
      values (${tenant}, 1, decode(repeat('0a', 32), 'hex')), (${tenant}, 3, decode(repeat('0b', 32), 'hex'))`
  })
  const found = await lines()
  expect(found.map(({ position }) => position)).toEqual([1, 2, 3, 4])
  expect(found.filter(({ leaf }) => leaf)).toEqual([
    { position: 1, leaf: '0a'.repeat(32) },
    { position: 3, leaf: '0b'.repeat(32) },
  ] as never)
  expect((await lines('?limit=3')).map(({ position }) => position)).toEqual([1, 2, 3])
  expect((await lines('?action=thing.counted')).map(({ position }) => position)).toEqual([2, 4])
  expect((await csv()).rows.slice(1).map(([, , position]) => position)).toEqual(['2', '4'])
})

describe('a CSV', () => {
  test('has a line for each column that changed, and one for an entry without changes', async () => {
    const { tenant, csv } = readerOf()
    await write(tenant, async (tx) => {
      await audit.event(tx, {
        action: 'a.b',
        resource: 'things',
        target: '1',
        changes: { x: { from: '', to: null }, y: { from: null, to: '2' } },
      })
      await audit.event(tx, { action: 'a.c', resource: 'things' })
    })
    await append()
    const { text, rows } = await csv()
    expect(text.split('\r\n')[0]).toBe(
      'id,at,position,action,resource,targetId,actor,requestId,source,reason,column,from,to',
    )
    expect(rows.slice(1).map((cells) => cells.slice(2))).toEqual([
      ['1', 'a.b', 'things', '1', '', '', 'event', '', 'x', '', ''],
      ['1', 'a.b', 'things', '1', '', '', 'event', '', 'y', '', '2'],
      ['2', 'a.c', 'things', '', '', '', 'event', '', '', '', ''],
    ])
    expect(text).toContain(',"x","",\r\n') // the empty text differs from null
  })

  const dangerous = ['=HYPERLINK("x")', '+1', '-1', '@a', '\ta', '\ra', '\na', '＝1']

  test.each(dangerous)('has an apostrophe in front of %j, and NDJSON has it unchanged', async (value) => {
    const { tenant, csv, lines } = readerOf()
    await write(tenant, async (tx) => {
      await audit.event(tx, {
        action: 'a.b',
        resource: value,
        target: value,
        changes: { [value]: { from: value, to: value } },
      })
    })
    await append()
    const cells = (await csv()).rows[1] ?? []
    expect([cells[4], cells[5], ...cells.slice(-3)]).toEqual(Array(5).fill(`'${value}`))
    expect(await lines()).toMatchObject([
      { resource: value, targetId: value, changes: { [value]: { from: value, to: value } } },
    ])
  })

  test.each(['say "no"', 'a,b', 'two\nlines', 'two\r\nlines', '"', ',', ' blanks ', 'ünï 🎉', "'=1"])(
    'is read back with %j',
    async (value) => {
      const { tenant, csv } = readerOf()
      await write(tenant, async (tx) => {
        await audit.event(tx, { action: 'a.b', resource: 'r', changes: { x: { from: value, to: value } } })
      })
      await append()
      expect((await csv()).rows[1]?.slice(-2)).toEqual([value, value])
    },
  )
})

describe('the format', () => {
  test.each([
    ['text/csv', 'text/csv; charset=utf-8; header=present'],
    ['application/x-ndjson', 'application/x-ndjson'],
    ['TEXT/CSV', 'text/csv; charset=utf-8; header=present'],
    ['text/csv, */*;q=0.1', 'text/csv; charset=utf-8; header=present'],
    ['*/*, text/csv', 'text/csv; charset=utf-8; header=present'],
    ['text/*', 'text/csv; charset=utf-8; header=present'],
    ['application/json;q=0.5, application/x-ndjson', 'application/x-ndjson'],
    ['text/csv;q=0.5, application/json', 'application/json'],
    ['text/csv, application/json', 'application/json'],
    ['text/csv;q=0', 'application/json'],
    ['*/*', 'application/json'],
    ['application/*', 'application/json'],
    ['text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8', 'application/json'],
    ['image/png', 'application/json'],
    ['', 'application/json'],
  ])('for Accept: %s is %s', async (Accept, type) => {
    const { headers } = await readerOf().get('', { Accept })
    expect(headers.get('Content-Type')).toBe(type)
    expect(headers.get('Vary')).toContain('Accept')
  })

  test('is a file for the client to keep', async () => {
    const { get } = readerOf()
    expect((await get('', asCsv)).headers.get('Content-Disposition')).toBe('attachment; filename="audit-log.csv"')
    expect((await get('', asNdjson)).headers.get('Content-Disposition')).toBe('attachment; filename="audit-log.ndjson"')
    expect((await get()).headers.has('Content-Disposition')).toBe(false)
  })

  test('of a failure is the envelope', async () => {
    const { get } = readerOf()
    for (const headers of [asCsv, asNdjson])
      expect((await get('?limit=x', headers)).headers.get('Content-Type')).toStartWith('application/json')
  })
})

test.each(['cursor=', 'page=1', 'sort=at', 'count=true'])('an export refuses %s by its name', async (query) => {
  const { get } = readerOf()
  expect(await get(`?${query}`, asCsv)).toMatchObject({
    status: 400,
    error: { code: 'VALIDATION_FAILED', details: [{ path: query.split('=')[0], in: 'query', code: 'not_in_export' }] },
  })
})

test('a member reads the list, and exports nothing', async () => {
  const { get } = readerOf()
  const member = { 'X-Roles': 'member' }
  expect((await get('', member)).status).toBe(200)
  for (const headers of [asCsv, asNdjson])
    expect(await get('', { ...member, ...headers })).toMatchObject({
      status: 403,
      error: { message: 'You need the permission audit:export' },
    })
  expect((await get('', { 'X-Roles': 'viewer' })).status).toBe(403)
})

test('HEAD of an export has its headers and no body', async () => {
  const { client, tenant } = readerOf()
  await addEvents(tenant, 3)
  await append()
  for (let times = 0; times < 4; times += 1)
    expect(await client.send('HEAD', '/audit-log', { headers: asCsv })).toMatchObject({ status: 200, body: undefined })
})

test('who reads by position gets each entry once, whatever its time and the order of commits', async () => {
  const { tenant, lines, entries } = readerOf()
  const { promise, resolve } = Promise.withResolvers<void>()
  const written = Promise.withResolvers<void>()
  const slow = write(tenant, async (tx) => {
    await audit.event(tx, { action: 'a.first', resource: 'r' })
    written.resolve()
    await promise
  })
  await written.promise
  await write(tenant, async (tx) => void (await audit.event(tx, { action: 'a.second', resource: 'r' })))
  await append()
  expect((await lines()).map(({ action }) => action)).toEqual(['a.second'])
  resolve()
  await slow
  await append()
  expect((await lines()).map(({ action, position }) => [position, action])).toEqual([
    [1, 'a.second'],
    [2, 'a.first'],
  ])
  expect((await entries()).map(({ action }) => action)).toEqual(['a.second', 'a.first'])
})
