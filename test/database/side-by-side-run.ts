import { runInContext } from '../../src/context/context.ts'
import {
  createPool,
  createTenantDatabase,
  SettingsNotConfirmed,
  type TenantDatabase,
} from '../../src/database/index.ts'
import { ApiError, findDatabaseError } from '../../src/errors/index.ts'
import { asOwner, createDatabase, type TestDatabase } from '../database.ts'
import { contextOf, newTenant, tenantIds, tenantIdType } from '../tenants.ts'
import { type Kind, kinds, type Seeded, Thrown, takenEmail } from './side-by-side-calls.ts'

export interface RunOptions {
  seed: number
  calls: number
  /** After how many calls a backend is terminated. */
  killEvery: number
  /** The URL to connect to instead of this one, for a pooler. */
  through?: (url: string) => Promise<string>
}

/** What is wrong after a run, each with the calls that show it. Every list must be empty. */
export interface Damage {
  /** Rows of another tenant, or rows for another call. */
  wrong: string[]
  /** Writes that succeeded, and whose row is absent. */
  lost: string[]
  /** Writes whose row exists more than once. */
  doubled: string[]
  /** Rows of calls that failed, and rows in another tenant. */
  ghosts: string[]
  /** Outcomes that no call of the kind may have. */
  unexpected: string[]
  violations: string[]
}

export const noDamage: Damage = { wrong: [], lost: [], doubled: [], ghosts: [], unexpected: [], violations: [] }

export interface RunResult {
  seed: number
  damage: Damage
  /** How many backends were terminated. */
  killed: number
  /** How many calls lost their connection. */
  unavailable: number
  /** The number of calls of each kind and outcome: `get`, `insert SERVICE_UNAVAILABLE`. */
  outcomes: Record<string, number>
}

/** A call that may have written a row. */
interface Written {
  tenant: string
  mark: string
  /** `maybe` after SERVICE_UNAVAILABLE: the connection was lost before the reply. */
  exists: boolean | 'maybe'
}

const tenantCount = 40
const callers = 60
/** The most calls in one socket write: a terminated backend costs no more. */
export const most = 8

/** Runs calls of random tenants on a pool of three, terminates backends meanwhile, and audits the database afterwards. */
export async function runSideBySide({ seed, calls, killEvery, through }: RunOptions): Promise<RunResult> {
  const database = await createDatabase()
  const owner = asOwner(database)
  await owner.unsafe(`create function conflict() returns void language plpgsql as
    $$ begin raise exception 'no' using errcode = '40001'; end $$;
    do $$ begin
      execute format('alter role app_user in database %I set statement_timeout = 100', current_database());
    end $$`)
  const damage: Damage = structuredClone(noDamage)
  const url = through ? await through(database.appUrl) : database.appUrl
  const db = createTenantDatabase({
    connections: createPool({ url, size: 3, sideBySide: most, acquireTimeoutMs: 60_000 }),
    onProtocolViolation: ({ what }) => damage.violations.push(what),
    ...tenantIds,
  })
  const tenants = await seedTenants(database)
  const outcomes: RunResult['outcomes'] = {}
  const written: Written[] = []
  const random = createRandom(seed)
  const choose = chooser(random)
  let begun = 0
  let killed = 0

  const kill = async () => {
    const [ended] = await owner`
      select pg_terminate_backend(pid) from pg_stat_activity
      where datname = current_database() and usename = 'app_user' order by random() limit 1`
    if (ended) killed += 1
  }
  const caller = async () => {
    while (begun < calls) {
      const number = begun++
      const [own, foreign] = twoOf(tenants, random)
      const call = { db, own, foreign, mark: `mark-${number}` }
      written.push(...(await perform(choose(), call, damage, outcomes)))
      if (number % killEvery === killEvery - 1) await kill()
    }
  }
  await Promise.all(Array.from({ length: callers }, caller))
  await db.close()
  await audit(database, written, damage)
  const unavailable = written.filter(({ exists }) => exists === 'maybe').length
  return { seed, damage, killed, unavailable, outcomes }
}

async function perform(
  name: keyof typeof kinds,
  { db, own, foreign, mark }: { db: TenantDatabase; own: Seeded; foreign: Seeded; mark: string },
  damage: Damage,
  outcomes: RunResult['outcomes'],
): Promise<Written[]> {
  const kind: Kind = kinds[name]
  const controller = new AbortController()
  const call = {
    ...{ db, own, foreign, mark },
    abort: () => controller.abort(new Thrown('aborted')),
    reportWrong: (what: string) => void damage.wrong.push(what),
  }
  const ended = await runInContext({ ...contextOf(own.tenant), requestId: mark, signal: controller.signal }, () =>
    kind.run(call),
  ).then(
    () => undefined,
    (error: unknown) => error,
  )
  const outcome = ended === undefined ? '' : codeOf(ended)
  const key = `${name} ${outcome}`.trim()
  outcomes[key] = (outcomes[key] ?? 0) + 1
  if (!isExpected(kind, outcome)) damage.unexpected.push(`${mark}: ${key}: ${ended}`)
  if (outcome === 'SERVICE_UNAVAILABLE') return [{ tenant: own.tenant, mark, exists: 'maybe' }]
  const exists = outcome === '' && (kind.writes === true || kind.maySucceed === true)
  return [{ tenant: own.tenant, mark, exists }]
}

/** A connection may be lost under every call, and a busy machine may exceed the timeout of a statement. */
function isExpected({ fails, maySucceed }: Kind, outcome: string): boolean {
  if (outcome === 'SERVICE_UNAVAILABLE' || outcome === '57014') return true
  return outcome === (fails ?? '') || (maySucceed === true && outcome === '')
}

function codeOf(error: unknown): string {
  if (error instanceof SettingsNotConfirmed) return error.name
  if (error instanceof ApiError) return error.code
  return findDatabaseError(error)?.sqlstate ?? (error instanceof Error ? error.constructor.name : typeof error)
}

/** Compares what the callers were told with the rows, which the owner reads without row-level security. */
async function audit(database: TestDatabase, written: Written[], damage: Damage): Promise<void> {
  const owner = asOwner(database)
  const rows = await owner<{ mark: string; tenant: string; count: number }[]>`
    select trim(mark) as mark, tenant_id as tenant, count(*)::int from (
      select title as mark, tenant_id from tasks union all select name, tenant_id from users where name like 'mark-%'
    ) as marks group by 1, 2`
  const found = new Map<string, { tenant: string; count: number }[]>()
  for (const { mark, ...row } of rows) found.set(mark, [...(found.get(mark) ?? []), row])
  for (const { tenant, mark, exists } of written) {
    const [row, ...others] = found.get(mark) ?? []
    found.delete(mark)
    if (row === undefined && exists === true) damage.lost.push(mark)
    if (row !== undefined && (exists === false || row.tenant !== tenant)) damage.ghosts.push(mark)
    if (others.length > 0 || (row?.count ?? 0) > 1) damage.doubled.push(mark)
  }
  damage.ghosts.push(...found.keys())
}

async function seedTenants(database: TestDatabase): Promise<Seeded[]> {
  const owner = asOwner(database)
  const ids = Array.from({ length: tenantCount }, newTenant)
  const rows = await owner<{ tenant: string; id: string }[]>`
    insert into users (tenant_id, email, name)
    select tenant::${owner.unsafe(tenantIdType)}, case n when 0 then ${takenEmail} else n || '@rowhouse.example' end, 'Ada'
    from unnest(${ids}::text[]) as tenant, generate_series(0, 4) as n
    returning tenant_id as tenant, id`
  return ids.map((tenant) => ({ tenant, userIds: rows.filter((row) => row.tenant === tenant).map(({ id }) => id) }))
}

function twoOf(tenants: readonly Seeded[], random: () => number): [Seeded, Seeded] {
  const at = Math.floor(random() * tenants.length)
  const [own, foreign] = [tenants[at], tenants[(at + 1 + Math.floor(random() * (tenants.length - 1))) % tenants.length]]
  if (!own || !foreign) throw new Error('A run needs two tenants')
  return [own, foreign]
}

/** Chooses kinds of calls by their shares. */
function chooser(random: () => number): () => keyof typeof kinds {
  const entries = Object.entries(kinds) as [keyof typeof kinds, Kind][] // the keys of its type
  const sum = entries.reduce((total, [, { share }]) => total + share, 0)
  return () => {
    let left = random() * sum
    for (const [name, { share }] of entries) {
      left -= share
      if (left < 0) return name
    }
    return 'get'
  }
}

/** Numbers from 0 to 1 that the seed determines (mulberry32). */
function createRandom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
