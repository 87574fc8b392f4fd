import { runInContext } from '../../src/context/context.ts'
import { createPool, createTenantDatabase, type TenantTx } from '../../src/database/index.ts'
import { withSettings } from '../database/shared-database.ts'
import { contextOf, newTenant, tenantIds } from '../tenants.ts'
import { audit, type Damage, describe, type Entry, noDamage, Thrown } from './ledger.ts'
import { openProxy } from './proxy.ts'
import { assertRecovered, directUrl, inspected, retry, sessionsToEnd, within } from './recovery.ts'
import { type FaultKind, faultPlan, scenariosOf } from './scenario.ts'
import { perform, queriesOf, type Run } from './work.ts'

export interface FaultRunOptions {
  /** Determines the transactions and the faults. */
  seed: number
  transactions: number
  /** The faults to inject. */
  kinds: readonly FaultKind[]
  /** @default 30 */
  tenants?: number
  /**
   * The connections of the pool.
   *
   * @default 4
   */
  size?: number
}

export interface FaultRunResult {
  seed: number
  transactions: number
  committed: number
  /** Transactions that lost their connection during COMMIT and got SERVICE_UNAVAILABLE. */
  unknown: number
  /** The number of injected faults of each kind. */
  faults: Partial<Record<FaultKind, number>>
  /** The number of failed transactions with each code. */
  failures: Record<string, number>
  damage: Damage
}

// Short, so that a test detects a call that hangs; in the same order as in production.
const limits = { statement_timeout: '100ms' }
const timeouts = { answerTimeoutMs: 250, connectTimeoutMs: 500, acquireTimeoutMs: 20_000 }
const patienceMs = 25_000

/** Runs transactions of many tenants on a small pool, injects faults, and audits the database afterwards. */
export async function runWithFaults({
  seed,
  transactions,
  kinds,
  tenants = 30,
  size = 4,
}: FaultRunOptions): Promise<FaultRunResult> {
  const faults: FaultRunResult['faults'] = {}
  const count = (kind: FaultKind) => {
    faults[kind] = (faults[kind] ?? 0) + 1
  }
  const plan = faultPlan(seed, transactions / 4, kinds, count)
  let isOver = false
  await using proxy = await openProxy(withSettings(limits, directUrl()), (...where) =>
    isOver ? undefined : plan(...where),
  )
  const pool = createPool({ url: proxy.url, size, ...timeouts })
  const damage = noDamage()
  const reportForeign = (what: string) => void damage.foreign.push(what)
  const db = createTenantDatabase({
    connections: inspected(pool, reportForeign),
    onProtocolViolation: ({ what }) => void damage.unexplained.push(what),
    ...tenantIds,
  })
  const ids = Array.from({ length: tenants }, newTenant)
  const entries: Entry[] = []
  const shared = { db, count, escaped: {}, reportForeign }

  const scenarios = scenariosOf(seed, transactions, tenants, kinds).entries()
  // Ten callers for each connection; each takes the next transaction until there are no more.
  const caller = async () => {
    for (const [n, scenario] of scenarios) {
      const entry: Entry = { scenario, tenant: ids[scenario.tenant] ?? '', requestId: `${seed}/${n}`, marks: [] }
      entries.push(entry)
      await call(entry, shared, damage)
    }
  }
  const expectSoon = async (wanted: Promise<unknown>, complaint: string) =>
    void damage.stuck.push(...(await within(patienceMs, wanted, complaint)))
  await expectSoon(Promise.all(Array.from({ length: size * 10 }, caller)), 'calls hang')
  isOver = true
  await expectSoon(
    retry(() => assertRecovered(pool, db, size, reportForeign)),
    'the pool has not recovered',
  )
  await expectSoon(db.close(), 'the pool does not close')
  // PostgreSQL detects the end of a frozen client only when its connection is closed.
  for (const link of proxy.links) if (link.isFrozen) link.cut()
  await expectSoon(sessionsToEnd(proxy), 'sessions stay in a transaction')

  const unknown = await audit(damage, entries, proxy.commits)
  return { seed, transactions, committed: committed(entries), unknown, faults, failures: failures(entries), damage }
}

/** Runs one transaction and records its outcome. */
async function call(
  entry: Entry,
  shared: Pick<Run, 'db' | 'count' | 'escaped' | 'reportForeign'>,
  damage: Damage,
): Promise<void> {
  const { requestId, scenario } = entry
  const controller = new AbortController()
  const abort = () => controller.abort(new Thrown('aborted'))
  let number = 0
  const work = (tx: TenantTx) => {
    number += 1
    const run = { ...shared, entry, number, writes: 0, abort }
    return scenario.returns && scenario.fault === undefined ? queriesOf(tx, run) : perform(tx, run)
  }
  const context = { ...contextOf(entry.tenant), requestId, signal: controller.signal }
  entry.outcome = await runInContext(context, () => shared.db[scenario.mode](work)).then(
    () => ({ acknowledged: true }),
    (error: unknown) => ({ acknowledged: false, error }),
  )
  if (entry.outcome.acknowledged && controller.signal.aborted)
    damage.unexplained.push(`${requestId}: acknowledged, although it was aborted before its end`)
}

const committed = (entries: Entry[]) =>
  entries.filter(({ outcome, scenario }) => outcome?.acknowledged && scenario.mode === 'write').length

function failures(entries: Entry[]): Record<string, number> {
  const count: Record<string, number> = {}
  for (const { outcome } of entries)
    if (outcome?.acknowledged === false) count[describe(outcome.error)] = (count[describe(outcome.error)] ?? 0) + 1
  return count
}
