import { sql } from 'drizzle-orm'
import { users } from '../../db/schema/users.ts'
import {
  createPool,
  createTenantDatabase,
  mapped,
  type PoolOptions,
  prepared,
  type TenantDatabase,
  type TenantTx,
} from '../../src/database/index.ts'
import { directUrl } from '../faults/recovery.ts'
import { tenantIds, withTenant } from '../tenants.ts'
import { tenantWithUser } from './watched-pool.ts'
import { openWireProxy, type Write } from './wire-proxy.ts'

const one = sql`generate_series(1, 1)`
const tenant = sql<string>`current_setting('app.current_tenant')`

// A comment in each text names the kind of work in a socket write.
const get = prepared([], (tx) => tx.select({ tenant, kind: sql`/* get */ 1` }).from(one))
const slow = prepared([], (tx) => tx.select({ tenant, kind: sql`/* slow */ pg_sleep(0.005)` }).from(one))
const update = prepared([], (tx) =>
  tx.update(users).set({ name: sql`/* write */ name` }).returning({ tenant: sql<string>`tenant_id::text` }),
)
let created = 0
const createUnseen = () => {
  created += 1
  return prepared([], (tx) => tx.select({ tenant, kind: sql.raw(`/* unseen */ ${created}`) }).from(one))
}
let unseen = createUnseen()

type Row = { tenant: string }
const firstOf = (query: PromiseLike<Row[]>) => mapped(query, ([row]) => row?.tenant)

/** More texts than a connection keeps parsed. */
const many = Array.from({ length: 110 }, (_, at) =>
  prepared([], (tx) => tx.select({ tenant, kind: sql.raw(`/* many */ ${at}`) }).from(one)),
)
export const manyTexts = many.map((query) => (db: TenantDatabase) => db.read((tx) => firstOf(query(tx, {}))))

/** Kinds of work. Each returns the id of the tenant that PostgreSQL sees. */
export const works = {
  get: (db: TenantDatabase) => db.read((tx) => firstOf(get(tx, {}))),
  slow: (db: TenantDatabase) => db.read((tx) => firstOf(slow(tx, {}))),
  write: (db: TenantDatabase) => db.write((tx) => firstOf(update(tx, {}))),
  /** A text that PostgreSQL has never seen. */
  unseen: (db: TenantDatabase) => {
    unseen = createUnseen()
    return works['seen once'](db)
  },
  /** Its second use, on which PostgreSQL parses it again, under a name. */
  'seen once': (db: TenantDatabase) => {
    const query = unseen
    return db.read((tx) => firstOf(query(tx, {})))
  },
  two: (db: TenantDatabase) => db.read((tx) => mapped([firstOf(get(tx, {})), get(tx, {})], ([id]) => id)),
  execute: (db: TenantDatabase) =>
    db.read((tx) => mapped(tx.execute<Row>(sql`/* execute */ select ${tenant} as tenant`), ([row]) => row?.tenant)),
  awaits: (db: TenantDatabase) => db.read(async (tx: TenantTx) => await firstOf(get(tx, {}))),
}
export type WorkName = keyof typeof works
type Work = (db: TenantDatabase) => Promise<string | undefined>

/** A tenant database through a proxy, and tenants with a user each. */
export interface Turns extends AsyncDisposable {
  /**
   * Starts one work for each name in one turn of the event loop, each for another tenant.
   *
   * @returns the socket writes, each with the names of its transactions: `get get write`
   * @throws Error when a work sees another tenant than its own
   */
  run(names: readonly WorkName[]): Promise<string[]>
  /** As `run`, for other work. */
  runWorks(given: readonly Work[]): Promise<string[]>
}

/** Opens a database on a pool of one, unless `options` has a size, on which every work but `unseen` is known. */
export async function openTurns(options: Partial<PoolOptions> = {}): Promise<Turns> {
  const proxy = await openWireProxy(directUrl())
  const connections = createPool({ url: proxy.url, size: 1, ...options })
  const db = createTenantDatabase({ connections, ...tenantIds })
  const tenants: string[] = []
  const runWorks = async (given: readonly Work[]) => {
    while (tenants.length < given.length) tenants.push((await tenantWithUser(db)).tenant)
    proxy.writes = []
    const seen = await Promise.all(given.map((work, at) => withTenant(tenants[at] ?? '', () => work(db))))
    for (const [at, id] of seen.entries()) if (id !== tenants[at]) throw new Error(`${tenants[at]} saw ${id}`)
    return proxy.writes.map(namesOf)
  }
  const run = (names: readonly WorkName[]) => runWorks(names.map((name) => works[name]))
  // A text has a name from its second use on, and is described on its third.
  for (let use = 0; use < 3; use += 1) for (const name of ['get', 'slow', 'write'] as const) await run([name])
  return {
    run,
    runWorks,
    async [Symbol.asyncDispose]() {
      await db.close()
      await proxy[Symbol.asyncDispose]()
    },
  }
}

/** The names of the transactions of a write. One with BEGIN or with a text that is parsed has a mark. */
function namesOf({ transactions, parsed }: Write): string {
  const names = transactions.map((texts) => {
    const named = texts.flatMap((text) => /\/\* (\w+) \*\//.exec(text)?.[1] ?? [])
    const name = named.join('+') || 'end'
    return texts.some((text) => text.startsWith('begin')) ? `begin:${name}` : name
  })
  return `${parsed > 0 ? 'parse:' : ''}${names.join(' ')}`
}
