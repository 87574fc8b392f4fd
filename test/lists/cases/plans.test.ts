import { describe, expect, test } from 'bun:test'
import { z } from 'zod'
import { createTenantDatabase, type Statement } from '../../../src/database/index.ts'
import { createApp } from '../../../src/service/app.ts'
import { deps } from '../../app.ts'
import { asOwner, closeAfterwards, createDatabase, unrecorded } from '../../database.ts'
import { connectAsAppUser } from '../../db/app-user.ts'
import { newTenant, tenantIds, tenantIdType } from '../../tenants.ts'
import { explain, recordingPool } from './recorded.ts'

const service = await createDatabase()
const owner = asOwner(service)
const sql = connectAsAppUser(service.appUrl)
const connections = recordingPool(service.appUrl)
const db = createTenantDatabase({ connections, ...tenantIds })
closeAfterwards(db)
const app = createApp({ ...deps, db })
const tenant = newTenant()
const tenants = [tenant, ...Array.from({ length: 10 }, newTenant)]

// The first tenant has 2,000 rows of each table, and the others 200.
await owner.unsafe(`${unrecorded}
  with tenants as (
    select tenant::${tenantIdType}, place from unnest(string_to_array('${tenants.join()}', ',')) with ordinality as t (tenant, place)),
  made as (
    insert into users (tenant_id, email, name, created_at)
      select tenant, md5('e' || n) || '@a.example', md5('n' || n), now() - n * interval '1 minute'
      from tenants, generate_series(1, case when place = 1 then 2000 else 200 end) as n returning tenant_id, id, name, created_at)
  insert into tasks (tenant_id, title, user_id, created_at) select tenant_id, name, id, created_at from made;
  analyze users, tasks`)

type Query = Record<string, string | number>

/** The statements of the list in one request. */
async function statementsOf(path: string, query: Query): Promise<Statement[]> {
  connections.sent.length = 0
  await pageWith(path, query)
  return connections.sent.filter(({ text }) => text.includes(`from "${path.slice(1)}"`))
}

/** A page by offset has no cursors. */
const Body = z.object({
  meta: z.object({
    pagination: z.object({ nextCursor: z.string().nullish(), previousCursor: z.string().nullish() }),
  }),
})
async function pageWith(path: string, query: Query) {
  const search = new URLSearchParams(Object.entries(query).map(([name, value]) => [name, String(value)]))
  const response = await app.request(`${path}?${search}`, { headers: { 'X-Tenant-Id': tenant } })
  return Body.parse(await response.json()).meta.pagination
}

const definitions = new Map(
  (await owner`select indexname, indexdef from pg_indexes where schemaname = 'public'`).map((row) => [
    String(row.indexname),
    String(row.indexdef),
  ]),
)

/** Expects each statement to read few rows of the index of these columns, and nothing else. */
async function expectOneIndex(statements: Statement[], columns: string, rowsMax: number): Promise<void> {
  expect(statements.length).toBeGreaterThan(0)
  for (const mode of ['force_custom_plan', 'force_generic_plan'])
    for (const statement of statements) {
      const nodes = await explain(sql, tenant, statement, mode)
      const kinds = nodes.map((node) => node['Node Type'])
      const scans = nodes.filter((node) => /Scan$/.test(node['Node Type']) && node['Node Type'] !== 'Subquery Scan')
      const about = `${mode}: ${statement.text}\n${kinds.join(', ')}`
      expect({ about, has: kinds.filter((kind) => /Sort|Seq Scan|Bitmap/.test(kind)) }).toEqual({ about, has: [] })
      expect({ about, count: scans.length }).toEqual({ about, count: 1 })
      const [scan] = scans
      expect({ about, index: definitions.get(scan?.['Index Name'] ?? '') }).toEqual({
        about,
        index: expect.stringContaining(`(tenant_id, ${columns}`),
      })
      expect(scan?.['Index Cond']).toContain('tenant_id = ')
      expect({ about, removed: scan?.['Rows Removed by Filter'] ?? 0 }).toEqual({ about, removed: 0 })
      expect(scan?.['Actual Rows']).toBeLessThanOrEqual(rowsMax)
    }
}

const limit = 20
const sorts = [
  ['/tasks', 'createdAt', 'created_at'],
  ['/tasks', 'title', 'title COLLATE "C"'],
  ['/users', 'createdAt', 'created_at'],
  ['/users', 'email', 'email COLLATE "C"'],
  ['/users', 'name', 'name COLLATE "C"'],
] as const

describe.each(sorts)('a page of %s by %s', (path, field, columns) => {
  test.each([field, `-${field}`])('is read from one index, at the start, deep inside and back: %s', async (sort) => {
    const first = { sort, limit, cursor: '' }
    await expectOneIndex(await statementsOf(path, first), columns, limit + 1)
    let page = await pageWith(path, { ...first, limit: 100 })
    for (let at = 0; at < 9; at++)
      page = await pageWith(path, { sort, limit: 100, cursor: page.nextCursor ?? 'absent' })
    await expectOneIndex(
      await statementsOf(path, { ...first, cursor: page.nextCursor ?? 'absent' }),
      columns,
      limit + 1,
    )
    await expectOneIndex(
      await statementsOf(path, { ...first, cursor: page.previousCursor ?? 'absent' }),
      columns,
      limit + 1,
    )
  })
})

test.each([
  ['/tasks', 'title'],
  ['/users', 'email'],
  ['/users', 'name'],
])('a page of %s with a prefix of %s, and its count, read the index of that column', async (path, field) => {
  const query = { sort: field, [`${field}Prefix`]: 'a', limit, count: 'true', cursor: '' }
  const columns = `${field} COLLATE "C"`
  const statements = await statementsOf(path, query)
  const [count, ...others] = statements.filter(({ text }) => text.includes('count('))
  if (!count) throw new Error('The list sent no count')
  expect(others).toEqual([])
  const kinds = (await explain(sql, tenant, count, 'force_custom_plan')).map(
    (node) => `${node['Node Type']} ${node['Index Cond']}`,
  )
  expect(kinds.join('\n')).toMatch(new RegExp(`Index.* Scan .*tenant_id = .*${field}.* >= 'a'.*${field}.* < 'b'`))
  expect(kinds.join('\n')).not.toMatch(/Seq Scan|Sort/)
  const rows = statements.filter((statement) => statement !== count)
  await expectOneIndex(rows, columns, limit + 1)
  const { nextCursor } = await pageWith(path, query)
  const next = await statementsOf(path, { ...query, count: 'false', cursor: nextCursor ?? 'absent' })
  await expectOneIndex(next, columns, limit + 1)
})

test('a page of a time span is read from the index of times', async () => {
  const query = { sort: '-createdAt', createdFrom: new Date(Date.now() - 36e5).toISOString(), limit, cursor: '' }
  await expectOneIndex(await statementsOf('/tasks', query), 'created_at', limit + 1)
  const { nextCursor } = await pageWith('/tasks', query)
  await expectOneIndex(
    await statementsOf('/tasks', { ...query, cursor: nextCursor ?? 'absent' }),
    'created_at',
    limit + 1,
  )
})

test('a page by offset of another sort is read from its index', async () => {
  const statements = await statementsOf('/tasks', { sort: 'title', page: 2, limit })
  const rows = statements.filter(({ text }) => !text.includes('count('))
  await expectOneIndex(rows, 'title COLLATE "C"', 2 * limit + 1)
})
