import { afterAll } from 'bun:test'
import postgres from 'postgres'
import { findDatabaseError } from '../../src/errors/index.ts'
import { main } from '../database.ts'

/** The serving role on one connection of postgres.js, for raw SQL that bypasses our code. */
export function connectAsAppUser(url = main.appUrl): postgres.Sql {
  const sql = postgres(url, { max: 1, onnotice: () => {} })
  afterAll(() => sql.end())
  return sql
}

/** Runs queries as a tenant, in one transaction. */
export async function asTenant<T>(
  sql: postgres.Sql,
  tenant: string,
  work: (tx: postgres.TransactionSql) => PromiseLike<T>,
): Promise<T> {
  const { result } = await sql.begin(async (tx) => {
    await tx`select set_config('app.current_tenant', ${tenant}, true)`
    return { result: await work(tx) }
  })
  return result
}

/** The SQLSTATE that a query was refused with, or 'accepted'. */
export const sqlstateOf = (query: PromiseLike<unknown>): Promise<string> =>
  Promise.resolve(query).then(
    () => 'accepted',
    (error: unknown) => findDatabaseError(error)?.sqlstate ?? String(error),
  )

/** Inserts a user of a tenant and returns its id. */
export async function addUser(sql: postgres.Sql, tenant: string, email = `${crypto.randomUUID()}@rowhouse.example`) {
  const [row] = await asTenant(
    sql,
    tenant,
    (tx) => tx`insert into users (email, name) values (${email}, 'Ada') returning id`,
  )
  return String(row?.id)
}
