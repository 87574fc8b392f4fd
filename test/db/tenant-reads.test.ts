import { expect, test } from 'bun:test'
import { asOwner, createDatabase } from '../database.ts'
import { newTenant, tenantIdType } from '../tenants.ts'
import { addUser, asTenant, connectAsAppUser } from './app-user.ts'

// The function of the policies counts its calls in a sequence, which a rollback does not change.
const database = await createDatabase()
const owner = asOwner(database)
const sql = connectAsAppUser(database.appUrl)
const tenant = newTenant()
const userId = await addUser(sql, tenant)
await owner.unsafe(`
  insert into tasks (tenant_id, title, user_id) select '${tenant}', 'Paint', '${userId}' from generate_series(1, 20);
  create sequence calls;
  grant usage on sequence calls to app_user;
  create or replace function tenancy.current_tenant_id() returns ${tenantIdType} language plpgsql stable parallel safe as $$
  begin
    perform nextval('calls');
    return nullif(current_setting('app.current_tenant', true), '')::${tenantIdType};
  end $$`)

const insert = `insert into tasks (title, user_id) select 'Paint', '${userId}'`
const statements: [calls: number, what: string, text: string][] = [
  [1, 'a SELECT', 'select * from tasks'],
  [3, 'an INSERT of a row, once for the default of the column', `${insert} returning *`],
  [5, 'an INSERT of three rows, three times for the default', `${insert} from generate_series(1, 3) returning *`],
  [3, 'an UPDATE', `update tasks set status = 'done' returning *`],
  [1, 'a DELETE', 'delete from tasks returning id'],
]

// docs/performance.md says what a signed tenant adds to a statement by these numbers.
test.each(statements)('PostgreSQL reads the tenant %p times in %s', async (calls, _, text) => {
  await owner`select setval('calls', 1, false)`
  await asTenant(sql, tenant, (tx) => tx.unsafe(text))
  const [row] = await owner`select case when is_called then last_value else 0 end as calls from calls`
  expect(Number(row?.calls)).toBe(calls)
})
