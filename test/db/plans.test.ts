import { describe, expect, test } from 'bun:test'
import { Context } from 'hono'
import { z } from 'zod'
import type { Query, TenantTx } from '../../src/database/index.ts'
import { taskPages } from '../../src/service/features/tasks/pages.ts'
import { findTask } from '../../src/service/features/tasks/repository.ts'
import { openDatabase } from '../database/shared-database.ts'
import { asOwner, createDatabase, unrecorded } from '../database.ts'
import { newTenant, tenantIdType, withTenant } from '../tenants.ts'
import { asTenant, connectAsAppUser } from './app-user.ts'

const database = await createDatabase()
const owner = asOwner(database)
const sql = connectAsAppUser(database.appUrl)
const tenant = newTenant()
const tenants = [tenant, ...Array.from({ length: 20 }, newTenant)]
const id = crypto.randomUUID()

await owner.unsafe(`${unrecorded}
  with tenants as (select tenant::${tenantIdType} from unnest(string_to_array('${tenants.join()}', ',')) as tenant),
  made as (
    insert into users (tenant_id, email, name) select tenant, 'ada', 'Ada' from tenants returning tenant_id, id)
  insert into tasks (tenant_id, title, user_id, created_at)
    select tenant_id, 'Paint', id, now() - n * interval '1 minute' from made, generate_series(1, 500) as n;
  update tasks set id = '${id}' where ctid = (select max(ctid) from tasks where tenant_id = '${tenant}');
  analyze users, tasks`)

type Plan = { 'Node Type': string; 'Index Name'?: string; 'Index Cond'?: string; Plans?: Plan[] }
type Transaction = Parameters<Parameters<typeof asTenant>[2]>[0]
const plans = z.array(z.object({ 'QUERY PLAN': z.array(z.object({ Plan: z.custom<Plan>() })) }))

/** The nodes of the serving role's plan. */
const explain = (query: string): Promise<Plan[]> => asTenant(sql, tenant, (tx) => explainIn(tx, query))

async function explainIn(tx: Transaction, query: string): Promise<Plan[]> {
  const rows = await tx.unsafe(`explain (format json) ${query}`)
  const flat = (plan: Plan): Plan[] => [plan, ...(plan.Plans ?? []).flatMap(flat)]
  return plans.parse([...rows]).flatMap((row) => row['QUERY PLAN'].flatMap(({ Plan }) => flat(Plan)))
}

const kindsOf = (nodes: Plan[]) => nodes.map((node) => node['Node Type'])

test('the first page of a list is read from its index, without sorting', async () => {
  const nodes = await explain('select * from tasks order by created_at desc, id desc limit 21')
  expect(nodes).toContainEqual(expect.objectContaining({ 'Index Name': 'tasks_tenant_id_created_at_id_idx' }))
  expect(kindsOf(nodes)).not.toContain('Sort')
  expect(kindsOf(nodes)).not.toContain('Seq Scan')
})

test('a row is found by its primary key, tenant first', async () => {
  const nodes = await explain(`select * from tasks where id = '${id}'`)
  const scan = nodes.find((node) => node['Index Name'] === 'tasks_pkey')
  expect(scan?.['Index Cond']).toMatch(/tenant_id = .* AND .*id = /)
  expect(kindsOf(nodes)).not.toContain('Seq Scan')
})

test('a user’s tasks are found by the index of the reference', async () => {
  const nodes = await explain(`select * from tasks where user_id = '${id}'`)
  expect(nodes).toContainEqual(expect.objectContaining({ 'Index Name': 'tasks_tenant_id_user_id_idx' }))
})

test('the tenant is read once a statement, not once a row', async () => {
  expect(kindsOf(await explain('select count(*) from tasks'))).toContain('Result')
  const nodes = await explain('select count(*) from tasks')
  expect(nodes.find((node) => node['Node Type'] === 'Result')).toMatchObject({ 'Parent Relationship': 'InitPlan' })
})

const request = new Context(new Request('http://localhost/tasks'))
const listOf = (tx: TenantTx, query: Record<string, string>) =>
  taskPages.page(request, tx, taskPages.query.parse(query))

// After five runs, PostgreSQL may plan a prepared statement without its values.
describe.each(['force_custom_plan', 'force_generic_plan'])('with %s', (mode) => {
  /** The plans of the statements that a repository function sends, in order, with these values. */
  async function plansOf(work: (tx: TenantTx) => Query<unknown>, values: string[]): Promise<Plan[][]> {
    await using db = openDatabase({ url: database.appUrl })
    await withTenant(tenant, () => db.read(work))
    const texts = db.sent.filter((text) => /^select (?!pg_catalog\.set_config|current_user)/.test(text))
    expect(texts.length).toBe(values.length)
    return await asTenant(sql, tenant, async (tx) => {
      await tx.unsafe(`set local plan_cache_mode = ${mode}`)
      const found: Plan[][] = []
      for (const [index, text] of texts.entries()) {
        await tx.unsafe(`prepare of_the_repository as ${text}`)
        found.push(await explainIn(tx, `execute of_the_repository (${values[index]})`))
        await tx.unsafe('deallocate of_the_repository')
      }
      return found
    })
  }

  test('a page of tasks is read from its index without sorting, and counted from an index', async () => {
    const [rows = [], total = []] = await plansOf((tx) => listOf(tx, {}), ['21, 0', '10001'])
    expect(rows).toContainEqual(expect.objectContaining({ 'Index Name': 'tasks_tenant_id_created_at_id_idx' }))
    expect(kindsOf(rows)).not.toContain('Sort')
    expect(total.map((node) => node['Index Cond'] ?? '').join()).toContain('tenant_id = ')
    expect([...kindsOf(rows), ...kindsOf(total)]).not.toContain('Seq Scan')
  })

  test('tasks that begin with a text are found by the index of their titles', async () => {
    const query = { sort: 'title', titlePrefix: 'Pa' }
    const [rows = []] = await plansOf((tx) => listOf(tx, query), ["'Pa', 'Pb', 21, 0", "'Pa', 'Pb'"])
    const scan = rows.find((node) => node['Index Name'] === 'tasks_tenant_id_title_id_idx')
    expect(scan?.['Index Cond']).toMatch(/tenant_id = .* AND .*title.* >= .* AND .*title.* < /)
  })

  test('a task is found by its primary key', async () => {
    const [nodes = []] = await plansOf((tx) => findTask(tx, id), [`'${id}'`])
    const scan = nodes.find((node) => node['Index Name'] === 'tasks_pkey')
    expect(scan?.['Index Cond']).toMatch(/tenant_id = .* AND .*id = /)
  })
})
