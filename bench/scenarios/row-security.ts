import postgres from 'postgres'
import { tenantIdOf } from '../../db/seed-many.ts'
import { compare, type Subject } from '../compare.ts'
import type { Filled } from '../databases.ts'
import { usageOf } from '../process-usage.ts'
import type { Scenario, Verdict } from '../scenario.ts'
import { ratios } from '../statistics.ts'

const amount = { tenants: 100, tasks: 1000 }
const figure = { cpu: 'CPU µs of PostgreSQL/transaction', rate: 'transactions/s' } as const

type Statements = (sql: postgres.ReservedSql, tenantId: string, taskId: string) => Array<PromiseLike<unknown>>

const context = (sql: postgres.ReservedSql, tenantId: string) =>
  sql`select set_config('app.current_tenant', ${tenantId}, true), set_config('app.request_id', 'bench', true)`

const get = {
  walled: (sql, _, taskId) => [sql`select * from tasks where id = ${taskId}`],
  plain: (sql, tenantId, taskId) => [sql`select * from tasks where tenant_id = ${tenantId} and id = ${taskId}`],
} satisfies Record<string, Statements>

const page = {
  walled: (sql) => [
    sql`select * from tasks order by created_at desc, id desc limit 21`,
    sql`select count(*) from (select from tasks limit 10001) as counted`,
  ],
  plain: (sql, tenantId) => [
    sql`select * from tasks where tenant_id = ${tenantId} order by created_at desc, id desc limit 21`,
    sql`select count(*) from (select from tasks where tenant_id = ${tenantId} limit 10001) as counted`,
  ],
} satisfies Record<string, Statements>

/** Runs transactions one after another on one connection, and reads what its backend has used: no network is in it. */
const backend = (name: string, url: string, statements: Statements): Subject => ({
  name,
  async measure(seconds) {
    const sql = postgres(url, { max: 1 })
    const connection = await sql.reserve()
    const [row] = await connection<[{ pid: number }]>`select pg_backend_pid() as pid`
    const random = (limit: number) => 1 + Math.floor(Math.random() * limit)
    const transact = async () => {
      const taskId = `5eed0000-0000-7000-8002-${random(amount.tasks).toString(16).padStart(12, '0')}`
      const work = statements(connection, tenantIdOf(random(amount.tenants)), taskId)
      await Promise.all([connection`begin isolation level repeatable read read only`, ...work, connection`commit`])
    }
    for (let done = 0; done < 500; done += 1) await transact()
    const before = await usageOf(row.pid)
    const start = performance.now()
    let transactions = 0
    for (; performance.now() < start + 1000 * seconds; transactions += 1) await transact()
    const took = (performance.now() - start) / 1000
    const after = await usageOf(row.pid)
    connection.release()
    await sql.end()
    return {
      [figure.cpu]: (after.cpuMicros - before.cpuMicros) / transactions,
      [figure.rate]: transactions / took,
    }
  },
})

/** The same work three times, so that it can be seen what the context costs and what row security does. */
function subjects(
  name: string,
  { walled, plain }: Record<'walled' | 'plain', Statements>,
  database: Filled,
): Subject[] {
  const inContext =
    (statements: Statements): Statements =>
    (sql, tenantId, taskId) => [context(sql, tenantId), ...statements(sql, tenantId, taskId)]
  return [
    backend(`${name}, WHERE tenant_id = $1`, database.unwalledUrl, plain),
    backend(`${name}, WHERE and context`, database.unwalledUrl, inContext(plain)),
    backend(`${name}, row security and context`, database.url, inContext(walled)),
  ]
}

export const rowSecurity: Scenario = {
  name: 'row-security',
  title: 'In PostgreSQL: row security and context against WHERE tenant_id = $1',
  async run(stand) {
    const database = await stand.databases.rowhouse(amount)
    // A difference of a few percent needs many short rounds: what else the machine does comes and goes.
    const pace = { ...stand.pace, rounds: 5 * stand.pace.rounds, seconds: stand.pace.seconds / 5, warmUpSeconds: 0.5 }
    const all = [...subjects('get', get, database), ...subjects('page', page, database)]
    const { lines, of } = await compare({ ...stand, pace }, all)
    const dearer = (name: string): Verdict => ({
      claim: `${name}, row security and context against WHERE`,
      bound: 'at most',
      target: 15,
      unit: '%',
      rounds: ratios(
        of(`${name}, row security and context`, figure.cpu),
        of(`${name}, WHERE tenant_id = $1`, figure.cpu),
      ).map((ratio) => 100 * (ratio - 1)),
    })
    return {
      lines,
      verdicts: [dearer('get'), dearer('page')],
      notes: [
        'Counted is the CPU time of the backend: one connection, prepared statements, each transaction written at once.',
        'WHERE is run by a role with BYPASSRLS and without context: two statements fewer to guard a tenant with.',
      ],
    }
  },
}
