import { randomBytes } from 'node:crypto'
import postgres from 'postgres'
import { migrate } from '../db/migrate.ts'
import { seedMany } from '../db/seed-many.ts'
import { createPool, createTenantDatabase } from '../src/tenancy/index.ts'
import { startPostgres } from '../test/postgres.ts'
import { fillFloor } from './floor-data.ts'

/** How many tenants a database has, and how many tasks each of them. */
export interface Amount {
  tenants: number
  tasks: number
  /** Tasks of the first tenant, where it has more than the others. */
  tasksOfFirst?: number
}

/** A database that is filled, as the role that serves. */
export interface Filled extends Amount {
  url: string
  ownerUrl: string
}

/** A PostgreSQL server of the bench's own. */
export interface Databases extends AsyncDisposable {
  readonly version: string
  /** The product's schema with so much data, made when it is first asked for. */
  rowhouse(amount: Amount): Promise<Filled>
  /** The floor's schema with so much data. */
  floor(amount: Amount): Promise<Filled>
  /** Ends the server hard and starts it again: its cache is empty then, that of the operating system is not. */
  restart(): Promise<void>
}

// The same for all, and set once: large enough for what is compared, and nothing running in between. That commits do not
// wait for the disk (fsync) is a setting of test/postgres.ts: a disk's latency would hide what the programs cost.
const settings = {
  shared_buffers: '1GB',
  max_wal_size: '8GB',
  checkpoint_timeout: '1h',
  autovacuum: 'off',
  track_io_timing: 'off',
}

/**
 * Starts PostgreSQL with a fixed configuration.
 *
 * @example
 * await using databases = await openDatabases()
 * const { url } = await databases.rowhouse({ tenants: 100, tasks: 1000 })
 */
export async function openDatabases(): Promise<Databases> {
  const server = await startPostgres()
  const password = randomBytes(16).toString('hex')
  const administrator = postgres(server.ownerUrl, { max: 1, onnotice: () => {} })
  for (const [name, value] of Object.entries(settings))
    await administrator.unsafe(`alter system set ${name} = '${value}'`)
  await administrator.unsafe(`create role floor_user login password '${password}'`)
  const [row] = await administrator`show server_version`
  await administrator.end()
  await server.restart()

  const urlOf = (database: string, user?: string) => {
    const url = Object.assign(new URL(server.ownerUrl), { pathname: `/${database}` })
    return user === undefined ? url.href : Object.assign(url, { username: user, password }).href
  }

  async function make(name: string, user: string, fill: (ownerUrl: string, url: string) => Promise<void>) {
    const database = { ownerUrl: urlOf(name), url: urlOf(name, user) }
    await asOwner(server.ownerUrl, (owner) => owner.unsafe(`create database ${name}`))
    await fill(database.ownerUrl, database.url)
    await asOwner(database.ownerUrl, (owner) => owner.unsafe('vacuum (analyze)'))
    return database
  }

  const made = new Map<string, Promise<{ ownerUrl: string; url: string }>>()
  async function once(kind: string, user: string, amount: Amount, fill: Parameters<typeof make>[2]): Promise<Filled> {
    const name = `${kind}_${Object.values(amount).join('_')}`
    const database = made.get(name) ?? make(name, user, fill)
    made.set(name, database)
    return { ...amount, ...(await database) }
  }

  return {
    version: String(row?.server_version),
    rowhouse: (amount) =>
      once('rowhouse', 'app_user', amount, async (ownerUrl, url) => {
        await migrate({ url: ownerUrl, appPassword: password })
        await seed(url, amount)
      }),
    floor: (amount) =>
      once('floor', 'floor_user', amount, (ownerUrl) => asOwner(ownerUrl, (owner) => fillFloor(owner, amount))),
    restart: () => server.restart(),
    [Symbol.asyncDispose]: () => server.stop(),
  }
}

/** Through the walls, as `rowhouse seed --tenants --tasks` does. */
async function seed(url: string, { tenants, tasks, tasksOfFirst = tasks }: Amount): Promise<void> {
  const db = createTenantDatabase({ connections: createPool({ url, size: 4 }) })
  await seedMany(db, { tenants, tasks, connections: 4 })
  await seedMany(db, { tenants: 1, tasks: tasksOfFirst, connections: 1 })
  await db.close()
}

async function asOwner<T>(url: string, work: (owner: postgres.Sql) => Promise<T>): Promise<T> {
  const owner = postgres(url, { max: 1, onnotice: () => {} })
  return await work(owner).finally(() => owner.end())
}
