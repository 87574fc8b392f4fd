import { expect, test } from 'bun:test'
import { asOwner, createDatabase } from '../database.ts'
import { newTenant, tenantColumnType } from '../tenants.ts'

// References that ON DELETE SET NULL empties, by the owner.

const sql = asOwner(await createDatabase())
const key = `tenant_id ${tenantColumnType}, id int, primary key (tenant_id, id)`
await sql.unsafe(`
  create table teams (${key}, region int, unique (tenant_id, id, region)); select tenancy.trash('teams');
  create table members (${key}, team int, region int, visits int default 0,
    foreign key (tenant_id, team, region) references teams (tenant_id, id, region) on delete set null (team));
  select tenancy.trash('members');
  create table visits (${key}, member int);
  create function count_visit() returns trigger language plpgsql as $$ begin
    update members set visits = visits + 1 where tenant_id = new.tenant_id and id = new.member; return null; end $$;
  create trigger count_visit after insert on visits for each row execute function count_visit()`)

async function start() {
  const tenant = newTenant()
  await sql.unsafe(`insert into teams values ('${tenant}', 1, 7); insert into members values ('${tenant}', 10, 1, 7)`)
  return tenant
}
const kept = async (tenant: string) => [
  ...(await sql`select resource, target_id, reference is not null as "isReference" from tenancy.trash where tenant_id = ${tenant} order by id`),
]

test('a row whose reference is emptied gets it back, also where other columns of the foreign key kept their values', async () => {
  const tenant = await start()
  await sql`delete from teams where tenant_id = ${tenant}`
  expect(await kept(tenant)).toEqual([
    { resource: 'members', target_id: '10', isReference: true },
    { resource: 'teams', target_id: '1', isReference: false },
  ])
  const member = async () => (await sql`select team, region from members where tenant_id = ${tenant}`)[0]
  expect(await member()).toEqual({ team: null, region: 7 })
  await sql.begin(async (tx) => {
    await tx`select set_config('app.current_tenant', ${tenant}, true), tenancy.restore('teams', '1')`
  })
  expect(await member()).toEqual({ team: 1, region: 7 })
  expect(await kept(tenant)).toEqual([])
})

test('a trigger that changes other columns of such a row fills no trash', async () => {
  const tenant = await start()
  await sql`insert into visits values (${tenant}, 1, 10)`
  expect((await sql`select visits from members where tenant_id = ${tenant}`)[0]?.visits).toBe(1)
  expect(await kept(tenant)).toEqual([])
})

test('an update that empties the reference itself fills no trash', async () => {
  const tenant = await start()
  await sql`update members set team = null where tenant_id = ${tenant}`
  expect(await kept(tenant)).toEqual([])
})
