import type postgres from 'postgres'
import { asOwner, main, type TestDatabase } from '../database.ts'

/** A row of the audit trail as tests read it. */
export interface LogEntry {
  tenant_id: string
  id: string
  position: string | null
  action: string
  resource: string
  target_id: string
  actor: string | null
  request_id: string | null
  source: string
  reason: string | null
  changes: Record<string, { from: string | null; to: string | null }> | null
}

export const owner = asOwner(main)
/** The serving role without the kit, and without the pooler of the suite, if there is one: what injected SQL can do. */
export const servingOn = ({ appUrl, ownerUrl }: TestDatabase): postgres.Sql =>
  asOwner({ appUrl, ownerUrl: Object.assign(new URL(appUrl), { host: new URL(ownerUrl).host }).href })

/** {@link servingOn} the shared database. */
export const serving = servingOn(main)

/** Who acts, in which request, as settings of a transaction. */
export interface Caller {
  tenant?: string
  actor?: string
  request?: string
}

/** Runs SQL in one transaction with the settings of a caller. */
export async function as<T extends object>(
  { tenant = '', actor = '', request = '' }: Caller,
  work: string | ((tx: postgres.TransactionSql) => Promise<T>),
  sql = serving,
): Promise<T[]> {
  const { rows } = await sql.begin(async (tx) => {
    await tx`select set_config('app.current_tenant', ${tenant}, true), set_config('app.actor', ${actor}, true),
      set_config('app.request_id', ${request}, true)`
    return { rows: typeof work === 'string' ? await tx.unsafe<T[]>(work) : [await work(tx)] }
  })
  return [...rows]
}

/** The entries of a tenant, the oldest first. */
export async function logOf(tenant: string, sql = owner): Promise<LogEntry[]> {
  return [...(await sql<LogEntry[]>`select * from tenancy.audit_trail where tenant_id = ${tenant} order by at, id`)]
}

/** Inserts a user of a tenant with a task, as one request, and returns their ids. */
export async function addUserWithTask(
  tenant: string,
  sql = serving,
  caller: Caller = { actor: 'ada', request: 'r-0' },
) {
  const [row] = await as<{ user: string; task: string }>(
    { ...caller, tenant: caller.tenant ?? tenant },
    `with u as (insert into users (email, name) values ('${crypto.randomUUID()}@rowhouse.example', 'Ada') returning id)
      select id as user from u`,
    sql,
  )
  const user = String(row?.user)
  const [task] = await as<{ id: string }>(
    { ...caller, tenant: caller.tenant ?? tenant },
    `insert into tasks (title, user_id) values ('mine', '${user}') returning id`,
    sql,
  )
  return { user, task: String(task?.id) }
}
