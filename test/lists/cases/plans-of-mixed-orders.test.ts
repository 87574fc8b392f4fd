import { expect, test } from 'bun:test'
import { createTenantDatabase } from '../../../src/database/index.ts'
import { closeAfterwards } from '../../database.ts'
import { connectAsAppUser } from '../../db/app-user.ts'
import { newTenant, tenantColumnType, tenantIds } from '../../tenants.ts'
import { createListApp, pageOf } from './app.ts'
import { explain, recordingPool } from './recorded.ts'
import { database, owner } from './tables.ts'

const sql = connectAsAppUser(database.appUrl)
const connections = recordingPool(database.appUrl)
const db = createTenantDatabase({ connections, ...tenantIds })
closeAfterwards(db)
const app = createListApp({ db })

/** A tenant with 1,000 rows in both tables, and indexes of the order `instant,-whole`. */
async function tenantWithRows(): Promise<string> {
  const tenant = newTenant()
  for (const table of ['firm', 'loose']) {
    await owner.unsafe(`create index on ${table} (tenant_id, instant, whole desc, id desc)`)
    await owner.unsafe(
      `insert into ${table} (tenant_id, instant, whole)
        select $1::text::${tenantColumnType}, '2026-01-01'::timestamptz + n / 3 * interval '1 minute', n % 3 from generate_series(1, 1000) as n`,
      [tenant],
    )
    await owner.unsafe(`analyze ${table}`)
  }
  return tenant
}

test('a page of a mixed order is read from its index at the place of the cursor', async () => {
  const tenant = await tenantWithRows()
  // Ascending order of a column with NULLs has no range: NULLs are behind every value.
  const orders = [
    ['/firm', 'instant,-whole'],
    ['/firm', '-instant,whole'],
    ['/loose', '-instant,whole'],
  ] as const
  for (const [path, sort] of orders) {
    const middle = await pageOf(tenant, path, { sort, limit: 100 }, app)
    const { nextCursor } = await pageOf(tenant, path, { sort, limit: 100, cursor: middle.nextCursor ?? 'absent' }, app)
    connections.sent.length = 0
    await pageOf(tenant, path, { sort, limit: 5, cursor: nextCursor ?? 'absent' }, app)
    const [rows, ...others] = connections.sent.filter(
      ({ text }) => text.includes('order by') && text.includes('::text'),
    )
    if (!rows) throw new Error('The list sent no query of rows')
    expect(others).toEqual([])
    const nodes = await explain(sql, tenant, rows, 'force_custom_plan')
    const dear = nodes.map((node) => node['Node Type']).filter((kind) => /Sort|Seq Scan/.test(kind))
    const scan = nodes.find((node) => node['Index Name'])
    expect({ path, sort, dear, condition: scan?.['Index Cond'] }).toEqual({
      path,
      sort,
      dear: [],
      condition: expect.stringContaining('instant'),
    })
    expect(scan?.['Rows Removed by Filter'] ?? 0).toBeLessThan(4) // rows of the same instant
  }
})
