import { expect, test } from 'bun:test'
import { offsetPageOf, pageOf } from '../../lists/cases/app.ts'
import { owner } from '../../lists/cases/tables.ts'
import { newTenant, tenantColumnType } from '../../tenants.ts'

/** A tenant with rows of two moods. */
async function tenantWith(sad: number, happy: number): Promise<string> {
  const tenant = newTenant()
  await owner.unsafe(
    `insert into firm (tenant_id, mood, whole)
      select $1::text::${tenantColumnType}, (case when n <= ${sad} then 'sad' else 'happy' end)::mood, n from generate_series(1, ${sad + happy}) as n`,
    [tenant],
  )
  return tenant
}

const query = { mood: 'sad', limit: 1 }
const totals = async (tenant: string) => {
  const byCursor = await pageOf(tenant, '/firm', { ...query, count: 'true' })
  const byOffset = await offsetPageOf(tenant, '/firm', query)
  return [byCursor.total, byCursor.totalCapped, byOffset.total]
}

test('the total of a filter is exact up to 10,000 rows', async () => {
  expect(await totals(await tenantWith(9_999, 5_000))).toEqual([9_999, undefined, 9_999])
  expect(await totals(await tenantWith(10_000, 5_000))).toEqual([10_000, undefined, 10_000])
})

test('the total of a filter is capped where more rows match', async () => {
  expect(await totals(await tenantWith(10_001, 1))).toEqual([10_000, true, 10_000])
})

test('a list whose total is capped goes on behind it', async () => {
  const tenant = await tenantWith(10_150, 0)
  let page = await pageOf(tenant, '/firm', { limit: 100, count: 'true' })
  let rows = page.keys.length
  while (page.nextCursor !== null) {
    page = await pageOf(tenant, '/firm', { limit: 100, count: 'true', cursor: page.nextCursor })
    expect([page.total, page.totalCapped]).toEqual([10_000, true])
    rows += page.keys.length
  }
  expect(rows).toBe(10_150)
})
