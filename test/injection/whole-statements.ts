import type { TenantId } from '../../src/context/index.ts'
import type { TenantSigner } from '../../src/database/index.ts'

/** A whole statement that an attacker chooses, to reach the rows of `other` in the transaction of the attacker's own tenant. */
export interface WholeStatement {
  name: string
  text: string
  /** Whether it reaches them when the tenant context is not signed. */
  worksUnsigned: boolean
}

interface Target {
  other: TenantId
  expired: TenantSigner
  wrong: TenantSigner
}

const become = (value: string): string => `set_config('app.current_tenant', ${value}, true)`
const inBlock = (statements: string): string => `do $attack$ begin ${statements} end $attack$`
const take = `update tasks set description = 'taken';`

const ownTenant = `select current_setting('app.current_tenant') as own offset 0`

/** The statements. Each runs in a transaction that changes rows; the code of the service then lists all tasks. */
export function wholeStatements({ other, expired, wrong }: Target): WholeStatement[] {
  const plain = `'${other}'`
  const works = (name: string, text: string): WholeStatement => ({ name, text, worksUnsigned: true })
  const fails = (name: string, text: string): WholeStatement => ({ name, text, worksUnsigned: false })
  return [
    fails('SELECT set_config', `select ${become(plain)}`),
    fails('SET LOCAL', `set local app.current_tenant = ${plain}`),
    fails('SET', `set app.current_tenant = ${plain}`),
    fails('a DO block that updates', inBlock(`perform ${become(plain)}; ${take}`)),
    fails('a DO block that deletes', inBlock(`perform ${become(plain)}; delete from tasks;`)),
    fails(
      'the own signed context with another tenant in it',
      `select ${become(`overlay(current_setting('app.current_tenant') placing ${plain} from 1)`)}`,
    ),
    works(
      'a SELECT that changes the tenant and sets it back',
      `select ${become(plain)}, query_to_xml('select title from tasks', true, true, ''), ${become('own')} from (${ownTenant}) as before`,
    ),
    works(
      'an UPDATE that changes the tenant and sets it back',
      `update tasks set description = 'taken' from (select own, ${become(plain)} as set from (${ownTenant}) as before offset 0) as changed
      where set is not null returning ${become('own')}`,
    ),
    fails('an expired signed context', inBlock(`perform ${become(`'${expired(other)}'`)}; ${take}`)),
    fails('a context signed with another key', inBlock(`perform ${become(`'${wrong(other)}'`)}; ${take}`)),
    fails(
      'a new function of the tenant',
      `create or replace function tenancy.current_tenant_id() returns uuid
      language sql stable return ${plain}::uuid`,
    ),
    fails(
      'a temporary function',
      `create function pg_temp.current_tenant_id() returns uuid language sql return ${plain}::uuid`,
    ),
    fails('a key of the attacker', `insert into tenancy.signing_keys default values`),
    fails('a look at the keys', 'select * from tenancy.signing_keys'),
    fails('the role of the owner', 'set local role postgres'),
    fails('another login', 'set local session authorization postgres'),
    fails('row security off for the transaction', 'set local row_security = off'),
    fails('row security off for the table', 'alter table tasks disable row level security'),
    fails('a policy that admits all rows', 'create policy all_rows on tasks using (true)'),
    fails('a policy less', 'drop policy tenant_isolation on tasks'),
    fails('a view of the owner', 'create view all_tasks as select * from tasks'),
    fails('a program of the server', `copy tasks to program 'cat'`),
    fails('another transaction', `/**/ commit`),
  ]
}
