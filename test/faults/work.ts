import { sql } from 'drizzle-orm'
import { users } from '../../db/schema/users.ts'
import { mapped, prepared, type TenantDatabase, type TenantTx } from '../../src/database/index.ts'
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

/** The queries of a transaction that awaits none: a write for each step, then a read of all rows. */
export function queriesOf(tx: TenantTx, run: Run): PromiseLike<void>[] {
  const { scenario, tenant } = run.entry
  const inserts = scenario.mode === 'write' ? scenario.steps.map(() => insertInto(tx, run)) : []
  const written = inserts.map(({ name }) => name)
  run.entry.marks = [...written]
  const writes = inserts.map(({ query }) => mapped(query, () => {}))
  const token = `${tenant} ${crypto.randomUUID()}`
  const echoed = mapped(selectToken(tx, token), ([row]) => {
    if (row?.token !== token || row.tenant !== tenant) run.reportForeign(`${row?.token} for ${token}`)
  })
  // One query is sent without BEGIN.
  if (scenario.steps.length === 1) return writes[0] ? writes : [echoed]
  return [...writes, echoed, mapped(selectNames(tx), (rows) => checkRows(rows, written, run))]
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
  checkRows(await selectNames(tx), written, run)
}

const selectNames = (tx: TenantTx) => tx.select({ tenant: users.tenantId, name: users.name }).from(users)

function checkRows(rows: { tenant: string; name: string }[], written: readonly string[], run: Run): void {
  const { tenant } = run.entry
  for (const row of rows)
    if (row.tenant !== tenant || !row.name.startsWith(`${tenant} `)) run.reportForeign(`${row.tenant} ${row.name}`)
  const names = new Set(rows.map(({ name }) => name))
  for (const mark of written) if (!names.has(mark)) run.reportForeign(`another transaction: ${mark} is absent`)
}

async function write(tx: TenantTx, run: Run): Promise<void> {
  const { name, query } = insertInto(tx, run)
  await query
  run.entry.marks.push(name)
}

const insertPrepared = prepared(['name', 'email'], (tx, values) => tx.insert(users).values(values))

function insertInto(tx: TenantTx, run: Run) {
  const name = `${run.entry.tenant} ${run.entry.requestId} ${run.writes}`
  run.writes += 1
  const values = { name, email: `${crypto.randomUUID()}@rowhouse.example` }
  // A prepared query that is the whole work goes without BEGIN.
  return { name, query: run.entry.scenario.returns ? insertPrepared(tx, values) : tx.insert(users).values(values) }
}

/** Selects a unique value, which reveals a response to another query. */
async function echo(tx: TenantTx, run: Run, before = sql.raw('')): Promise<void> {
  const token = `${run.entry.tenant} ${crypto.randomUUID()}`
  const [row] = await selectToken(tx, token, before)
  if (row?.token !== token || row.tenant !== run.entry.tenant) run.reportForeign(`${row?.token} for ${token}`)
}

function selectToken(tx: TenantTx, token: string, before = sql.raw('')) {
  const own = sql.raw(`'${token}'::text as token, current_setting('app.current_tenant') as tenant`)
  return tx.execute<{ token: string; tenant: string }>(sql`select ${before} ${own}`)
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
    checkRows(await selectNames(escaped), [], run) // it may be that of an open transaction, which does not see this one's rows
  },
}
