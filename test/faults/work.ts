import { sql } from 'drizzle-orm'
import { users } from '../../db/schema/users.ts'
import type { TenantDatabase, TenantTx } from '../../src/database/index.ts'
import { type Entry, Thrown } from './ledger.ts'
import type { Step, TransactionFault } from './scenario.ts'

/** One run of one transaction. */
export interface Run {
  entry: Entry
  db: TenantDatabase
  /** 1, or 2 for the retry. */
  number: number
  abort(): void
  /** The number of rows that it began to write. */
  writes: number
  /** Called with each injected fault. */
  count(fault: TransactionFault): void
  /** The handle of an earlier transaction that has ended. */
  escaped: { tx?: TenantTx }
  /** Reports an answer that this transaction must not get. */
  reportForeign(what: string): void
}

/** Runs the steps of a transaction, with its fault before one of them. */
export async function perform(tx: TenantTx, run: Run): Promise<void> {
  const { scenario } = run.entry
  run.entry.marks = []
  const place = Math.min(scenario.at, scenario.steps.length)
  for (let n = 0; n <= scenario.steps.length; n += 1) {
    if (n === place && scenario.fault) await inject(tx, run, scenario.fault)
    const step = scenario.steps[n]
    if (step) await takeStep(tx, run, step)
  }
}

async function takeStep(tx: TenantTx, run: Run, step: Step): Promise<void> {
  const { mode } = run.entry.scenario
  if (step === 'long query') await echo(tx, run, sql.raw('pg_sleep(0.02)::text ||'))
  // A connection that is lost during a pause must not be replaced within the transaction.
  else if (step === 'pause') await new Promise((resolve) => setTimeout(resolve, 5))
  else if (step === 'nested read') await run.db.read((inner) => read(inner, run))
  else if (step === 'read' || mode === 'read') await read(tx, run)
  else if (step === 'nested write') await run.db.write((inner) => write(inner, run))
  else if (step === 'write') await write(tx, run)
  else await Promise.all([read(tx, run), echo(tx, run), write(tx, run), echo(tx, run)])
}

/** Reads all visible rows: only those of this tenant, including those that this run wrote. */
async function read(tx: TenantTx, run: Run): Promise<void> {
  const written = [...run.entry.marks]
  const names = await readNames(tx, run)
  for (const mark of written) if (!names.has(mark)) run.reportForeign(`another transaction: ${mark} is absent`)
}

async function readNames(tx: TenantTx, run: Run): Promise<Set<string>> {
  const { tenant } = run.entry
  const rows = await tx.select({ tenant: users.tenantId, name: users.name }).from(users)
  for (const row of rows)
    if (row.tenant !== tenant || !row.name.startsWith(`${tenant} `)) run.reportForeign(`${row.tenant} ${row.name}`)
  return new Set(rows.map(({ name }) => name))
}

async function write(tx: TenantTx, run: Run): Promise<void> {
  const { tenant, requestId, marks } = run.entry
  const name = `${tenant} ${requestId} ${run.writes}`
  run.writes += 1
  await tx.insert(users).values({ name, email: `${crypto.randomUUID()}@rowhouse.example` })
  marks.push(name)
}

/** Selects a unique value, which reveals a response to another query. */
async function echo(tx: TenantTx, run: Run, before = sql.raw('')): Promise<void> {
  const token = `${run.entry.tenant} ${crypto.randomUUID()}`
  const own = sql.raw(`'${token}'::text as token, current_setting('app.current_tenant') as tenant`)
  const [row] = await tx.execute<{ token: string; tenant: string }>(sql`select ${before} ${own}`)
  if (row?.token !== token || row.tenant !== run.entry.tenant) run.reportForeign(`${row?.token} for ${token}`)
}

async function inject(tx: TenantTx, run: Run, fault: TransactionFault): Promise<void> {
  run.count(fault)
  const injected = injectors[fault](tx, run)
  if (run.entry.scenario.isCaught) await injected.catch(() => {})
  else await injected
}

const injectors: Record<TransactionFault, (tx: TenantTx, run: Run) => Promise<unknown>> = {
  'thrown error': (tx, run) => Promise.all([echo(tx, run), Promise.reject(new Thrown('thrown'))]),
  'SQL error': (tx) => tx.execute(sql`select 1 / 0`).execute(),
  'constraint violation': (tx) => tx.insert(users).values({ name: '', email: 'x' }).execute(),
  'statement timeout': (tx) => tx.execute(sql.raw('select pg_sleep(60)')).execute(),
  'cancelled query': (tx) => tx.execute(sql`select pg_cancel_backend(pg_backend_pid()), pg_sleep(60)`).execute(),
  async 'aborted request'(tx, run) {
    const echoed = echo(tx, run, sql.raw('pg_sleep(0.01)::text ||'))
    run.abort()
    await echoed
  },
  async 'transient failure'(tx, run) {
    if (run.number === 1) await tx.execute(sql`select raise('40001')`)
  },
  async 'forgotten await'(tx, run) {
    write(tx, run).catch(() => {})
  },
  async 'escaped handle'(tx, run) {
    const { tx: escaped = tx } = run.escaped
    run.escaped.tx = tx
    await readNames(escaped, run)
  },
}
