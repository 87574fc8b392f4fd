import { runInContext } from '../../src/context/context.ts'
import { parseTenantId } from '../../src/context/index.ts'
import { createPool, createTenantDatabase, type TenantTx } from '../../src/database/index.ts'
import { withSettings } from '../database/shared-database.ts'
import { newTenant } from '../database.ts'
import { aftermath, atLast, directUrl, inspected, sessionsToEnd, within } from './aftermath.ts'
import { audit, type Damage, describe, type Entry, noDamage, Thrown } from './ledger.ts'
import { openProxy } from './proxy.ts'
import { ambushPlan, type Kind, type Scenario, scenariosOf } from './scenario.ts'
import { perform } from './work.ts'

export interface StormOptions {
  /** The same seed brings the same transactions and the same faults. */
  seed: number
  transactions: number
  /** What is thrown in. */
  kinds: readonly Kind[]
  tenants?: number
  /** Of the pool. */
  size?: number
}

/** What a storm did. */
export interface Figures {
  seed: number
  transactions: number
  committed: number
  /** Lost their connection during COMMIT, and said so. */
  unknown: number
  /** How many of each kind were thrown in. */
  faults: Partial<Record<Kind, number>>
  /** How many transactions failed with each code. */
  failures: Record<string, number>
  /** Every list is empty where all is well. */
  damage: Damage
}

// Short, so that what hangs is found out in a test; in the same order as in production.
const limits = { statement_timeout: '100ms' }
const timeouts = { answerTimeoutMs: 250, connectTimeoutMs: 500, acquireTimeoutMs: 20_000 }
const patienceMs = 25_000

/** Lets many tenants loose on a small pool, with faults thrown in, and looks at what is left. */
export async function storm({ seed, transactions, kinds, tenants = 30, size = 4 }: StormOptions): Promise<Figures> {
  const faults: Figures['faults'] = {}
  const count = (kind: Kind) => {
    faults[kind] = (faults[kind] ?? 0) + 1
  }
  const plan = ambushPlan(seed, transactions / 4, kinds, count)
  let isOver = false
  await using proxy = await openProxy(withSettings(limits, directUrl()), (...where) =>
    isOver ? undefined : plan(...where),
  )
  const pool = createPool({ url: proxy.url, size, ...timeouts })
  const damage = noDamage()
  const tell = (what: string) => void damage.foreign.push(what)
  const db = createTenantDatabase({
    connections: inspected(pool, tell),
    onProtocolViolation: ({ what }) => void damage.unexpected.push(what),
  })
  const ids = Array.from({ length: tenants }, newTenant)
  const entries: Entry[] = []
  const escaped = {}

  async function call(scenario: Scenario, n: number): Promise<void> {
    const tenantId = parseTenantId(ids[scenario.tenant] ?? '')
    if (tenantId === undefined) throw new Error('A scenario is of no tenant')
    const entry: Entry = { scenario, tenant: tenantId, requestId: `${seed}/${n}`, marks: [] }
    entries.push(entry)
    const controller = new AbortController()
    const abort = () => controller.abort(new Thrown('aborted'))
    let number = 0
    const work = (tx: TenantTx) => {
      number += 1
      return perform(tx, { entry, db, number, writes: 0, abort, count, escaped, foreign: tell })
    }
    const context = { tenantId, requestId: entry.requestId, signal: controller.signal }
    entry.outcome = await runInContext(context, () => db[scenario.mode](work)).then(
      () => ({ acknowledged: true }),
      (error: unknown) => ({ acknowledged: false, error }),
    )
    if (entry.outcome.acknowledged && controller.signal.aborted)
      damage.unexpected.push(`${entry.requestId}: acknowledged, though it was aborted before its end`)
  }

  const scenarios = scenariosOf(seed, transactions, tenants, kinds).entries()
  // Each caller takes what comes next: ten times as many callers as connections, for as long as there is work.
  const caller = async () => {
    for (const [n, scenario] of scenarios) await call(scenario, n)
  }
  const hope = async (wanted: Promise<unknown>, complaint: string) =>
    void damage.stuck.push(...(await within(patienceMs, wanted, complaint)))
  await hope(Promise.all(Array.from({ length: size * 10 }, caller)), 'calls hang')
  isOver = true
  await hope(
    atLast(() => aftermath(pool, db, size, tell)),
    'the pool is not whole again',
  )
  await hope(db.close(), 'the pool does not close')
  // PostgreSQL cannot know that a frozen client has given up, until the network says so.
  for (const link of proxy.links) if (link.isFrozen) link.cut()
  await hope(sessionsToEnd(proxy), 'sessions are left in a transaction')

  const unknown = await audit(damage, entries, proxy.commits)
  return { seed, transactions, committed: committed(entries), unknown, faults, failures: failures(entries), damage }
}

const committed = (entries: Entry[]) =>
  entries.filter(({ outcome, scenario }) => outcome?.acknowledged && scenario.mode === 'write').length

function failures(entries: Entry[]): Record<string, number> {
  const count: Record<string, number> = {}
  for (const { outcome } of entries)
    if (outcome?.acknowledged === false) count[describe(outcome.error)] = (count[describe(outcome.error)] ?? 0) + 1
  return count
}
