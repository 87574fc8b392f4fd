import { sql } from 'drizzle-orm'
import { users } from '../../db/schema/users.ts'
import type { TenantDatabase, TenantTx } from '../../src/database/index.ts'
import { type Entry, Thrown } from './ledger.ts'
import type { Step, Trouble } from './scenario.ts'

/** One run of one transaction. */
export interface Run {
  entry: Entry
  db: TenantDatabase
  /** 1, or 2 when it is run again. */
  number: number
  abort(): void
  /** How many rows it has begun to write. */
  writes: number
  /** Told of each trouble that is made. */
  count(trouble: Trouble): void
  /** A handle that an earlier transaction has let out. */
  escaped: { tx?: TenantTx }
  /** Tells of an answer that this transaction must not get. */
  foreign(what: string): void
}

/** Does the steps of a transaction, with its trouble before one of them. */
export async function perform(tx: TenantTx, run: Run): Promise<void> {
  const { scenario } = run.entry
  run.entry.marks = []
  const place = Math.min(scenario.at, scenario.steps.length)
  for (let n = 0; n <= scenario.steps.length; n += 1) {
    if (n === place && scenario.trouble) await makeTrouble(tx, run, scenario.trouble)
    const step = scenario.steps[n]
    if (step) await takeStep(tx, run, step)
  }
}

async function takeStep(tx: TenantTx, run: Run, step: Step): Promise<void> {
  const { mode } = run.entry.scenario
  if (step === 'long query') await echo(tx, run, sql.raw('pg_sleep(0.02)::text ||'))
  // In a pause a lost connection comes to light: what follows must not run on a new one.
  else if (step === 'pause') await new Promise((resolve) => setTimeout(resolve, 5))
  else if (step === 'nested read') await run.db.read((inner) => read(inner, run))
  else if (step === 'read' || mode === 'read') await read(tx, run)
  else if (step === 'nested write') await run.db.write((inner) => write(inner, run))
  else if (step === 'write') await write(tx, run)
  else await Promise.all([read(tx, run), echo(tx, run), write(tx, run), echo(tx, run)])
}

/** Reads all that can be seen: rows of this tenant alone, and among them what this run has written. */
async function read(tx: TenantTx, run: Run): Promise<void> {
  const written = [...run.entry.marks]
  const names = await look(tx, run)
  for (const mark of written) if (!names.has(mark)) run.foreign(`not its own transaction: ${mark} is not there`)
}

async function look(tx: TenantTx, run: Run): Promise<Set<string>> {
  const { tenant } = run.entry
  const rows = await tx.select({ tenant: users.tenantId, name: users.name }).from(users)
  for (const row of rows)
    if (row.tenant !== tenant || !row.name.startsWith(`${tenant} `)) run.foreign(`${row.tenant} ${row.name}`)
  return new Set(rows.map(({ name }) => name))
}

async function write(tx: TenantTx, run: Run): Promise<void> {
  const { tenant, requestId, marks } = run.entry
  const name = `${tenant} ${requestId} ${run.writes}`
  run.writes += 1
  await tx.insert(users).values({ name, email: `${crypto.randomUUID()}@rowhouse.example` })
  marks.push(name)
}

/** Asks for a value that nobody else asks for: an answer to another question would show. */
async function echo(tx: TenantTx, run: Run, before = sql.raw('')): Promise<void> {
  const token = `${run.entry.tenant} ${crypto.randomUUID()}`
  const own = sql.raw(`'${token}'::text as token, current_setting('app.current_tenant') as tenant`)
  const [row] = await tx.execute<{ token: string; tenant: string }>(sql`select ${before} ${own}`)
  if (row?.token !== token || row.tenant !== run.entry.tenant) run.foreign(`${row?.token} for ${token}`)
}

async function makeTrouble(tx: TenantTx, run: Run, trouble: Trouble): Promise<void> {
  run.count(trouble)
  const made = troubleOf[trouble](tx, run)
  if (run.entry.scenario.isSwallowed) await made.catch(() => {})
  else await made
}

const troubleOf: Record<Trouble, (tx: TenantTx, run: Run) => Promise<unknown>> = {
  'thrown error': (tx, run) => Promise.all([echo(tx, run), Promise.reject(new Thrown('thrown'))]),
  'SQL error': (tx) => tx.execute(sql`select 1 / 0`).execute(),
  'constraint violation': (tx) => tx.insert(users).values({ name: '', email: 'x' }).execute(),
  'statement timeout': (tx) => tx.execute(sql.raw('select pg_sleep(60)')).execute(),
  'cancelled query': (tx) => tx.execute(sql`select pg_cancel_backend(pg_backend_pid()), pg_sleep(60)`).execute(),
  async 'aborted request'(tx, run) {
    const asked = echo(tx, run, sql.raw('pg_sleep(0.01)::text ||'))
    run.abort()
    await asked
  },
  async 'transient failure'(tx, run) {
    const raise = `do $$ begin raise exception 'no' using errcode = '40001'; end $$`
    if (run.number === 1) await tx.execute(sql.raw(raise))
  },
  async 'forgotten await'(tx, run) {
    write(tx, run).catch(() => {})
  },
  async 'escaped handle'(tx, run) {
    const { tx: escaped = tx } = run.escaped
    run.escaped.tx = tx
    await look(escaped, run)
  },
}
