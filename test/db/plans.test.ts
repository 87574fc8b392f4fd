import { expect, test } from 'bun:test'
import { z } from 'zod'
import { asOwner, createDatabase, newTenant } from '../database.ts'
import { asTenant, connectAsAppUser } from './app-user.ts'

const database = await createDatabase()
const owner = asOwner(database)
const sql = connectAsAppUser(database.appUrl)
const tenant = newTenant()
const id = crypto.randomUUID()

await owner.unsafe(`
  with tenants as (select '${tenant}'::uuid as tenant union all select gen_random_uuid() from generate_series(1, 20)),
  made as (
    insert into users (tenant_id, email, name) select tenant, 'ada', 'Ada' from tenants returning tenant_id, id)
  insert into tasks (tenant_id, title, user_id, created_at)
    select tenant_id, 'Paint', id, now() - n * interval '1 minute' from made, generate_series(1, 500) as n;
  update tasks set id = '${id}' where ctid = (select max(ctid) from tasks where tenant_id = '${tenant}');
  analyze users, tasks`)

type Plan = { 'Node Type': string; 'Index Name'?: string; 'Index Cond'?: string; Plans?: Plan[] }
const plans = z.array(z.object({ 'QUERY PLAN': z.array(z.object({ Plan: z.custom<Plan>() })) }))

/** The nodes of the plan that the serving role gets. */
async function explain(query: string): Promise<Plan[]> {
  const rows = await asTenant(sql, tenant, (tx) => tx.unsafe(`explain (format json) ${query}`))
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
