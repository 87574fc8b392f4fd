import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import postgres from 'postgres'
import { seedMany } from '../db/seed-many.ts'
import { createPool, createTenantDatabase } from '../src/database/index.ts'
import { migrate } from '../src/migrate/index.ts'
import { startPostgres } from '../test/postgres.ts'
import type { Amount } from './amount.ts'
import { fillFloor } from './floor-data.ts'

/** A database with data. */
export interface Filled extends Amount {
  /** For the serving role. */
  url: string
  /** For a role that reads tasks without row-level security. */
  bypassUrl: string
}

/** The bench's own PostgreSQL server. */
export interface Databases extends AsyncDisposable {
  readonly version: string
  /** A database with the service's schema and this amount of data, created at the first call. */
  rowhouse(amount: Amount): Promise<Filled>
  /** The same, which accepts signed tenant contexts only. */
  signed(amount: Amount, secret: string): Promise<Filled>
  /** One for `bench/scenarios/recorded.ts` alone, whose tables record what happens to them, or do not. */
  recorded(amount: Amount, isRecorded: boolean): Promise<Filled>
  /** Empties the queue of the audit trail, as the running worker does. Returns how many entries it moved, and how long that took. */
  appendAuditLogs(database: Filled): Promise<{ entries: number; micros: number }>
  /** Returns the URL of a database that verifies tenants as the first version of the SQL did: signed without an actor. */
  firstForm(secret: string): Promise<string>
  /** A database with the floor's schema and this amount of data. */
  floor(amount: Amount): Promise<Filled>
  /** Restarts the server. Its own cache is empty afterwards, the operating system's is not. */
  restart(): Promise<void>
}

/** Enough memory for the data, and no checkpoint during a measurement. Autovacuum runs as by default; test/postgres.ts turns fsync off. */
export const settings = {
  shared_buffers: '1GB',
  max_wal_size: '8GB',
  checkpoint_timeout: '1h',
}

const protectedTables = join(import.meta.dir, '../sql/40-protected-tables.sql')
const firstForm = join(import.meta.dir, '../test/migrate/version-1/sql/25-signed-context.sql')

// The limits of the serving role have a cost, so the role that it is compared with has the same limits.
const limitReader = `
  do $$
  declare
    setting text;
  begin
    for setting in select unnest(setconfig) from pg_db_role_setting where setrole = 'app_user'::regrole loop
      execute format('alter role reader set %I = %L', split_part(setting, '=', 1), split_part(setting, '=', 2));
    end loop;
  end $$`

const stopRecording = ['users', 'tasks']
  .map((table) => `select tenancy.stop_audit('public.${table}'), tenancy.stop_trash('public.${table}');`)
  .join('\n')

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
  const version = await asOwner(server.ownerUrl, async (owner) => {
    for (const [name, value] of Object.entries(settings)) await owner.unsafe(`alter system set ${name} = '${value}'`)
    await owner.unsafe(`create role floor_user login password '${password}'`)
    await owner.unsafe(`create role reader login bypassrls password '${password}'`)
    const [row] = await owner`show server_version`
    return String(row?.server_version)
  })
  await server.restart()

  const urlOf = (pathname: string, login = {}) => Object.assign(new URL(server.ownerUrl), { pathname, ...login }).href

  async function make(name: string, username: string, fill: (ownerUrl: string, url: string) => Promise<void>) {
    await asOwner(server.ownerUrl, (owner) => owner.unsafe(`create database ${name}`))
    const ownerUrl = urlOf(name)
    const url = urlOf(name, { username, password })
    await fill(ownerUrl, url)
    await asOwner(ownerUrl, (owner) =>
      owner.unsafe(
        `grant select on all tables in schema public to reader; grant connect on database ${name} to reader`,
      ),
    )
    await asOwner(ownerUrl, (owner) => owner.unsafe('vacuum (analyze)'))
    return { url, bypassUrl: urlOf(name, { username: 'reader', password }) }
  }

  const made = new Map<string, ReturnType<typeof make>>()
  async function once(kind: string, username: string, amount: Amount, fill: Parameters<typeof make>[2]) {
    const name = `${kind}_${Object.values(amount).join('_')}`
    const database = made.get(name) ?? make(name, username, fill)
    made.set(name, database)
    return { ...amount, ...(await database) }
  }

  return {
    version,
    rowhouse: (amount) =>
      once('rowhouse', 'app_user', amount, async (ownerUrl, url) => {
        await migrate({ url: ownerUrl, appPassword: password })
        await asOwner(ownerUrl, (owner) => owner.unsafe(limitReader))
        await seed(url, amount)
      }),
    signed: (amount, secret) =>
      once('signed', 'app_user', amount, async (ownerUrl, url) => {
        await migrate({ url: ownerUrl, appPassword: password })
        await asOwner(ownerUrl, (owner) => owner.unsafe(limitReader))
        await seed(url, amount)
        await migrate({ url: ownerUrl, signingSecrets: [secret] })
      }),
    recorded: (amount, isRecorded) =>
      once(isRecorded ? 'recorded' : 'unrecorded', 'app_user', amount, async (ownerUrl, url) => {
        await migrate({ url: ownerUrl, appPassword: password })
        await asOwner(ownerUrl, (owner) => owner.unsafe(limitReader))
        await asOwner(ownerUrl, (owner) => owner.unsafe(stopRecording))
        await seed(url, amount)
        if (isRecorded) await asOwner(ownerUrl, (owner) => owner.file(protectedTables))
      }),
    appendAuditLogs: ({ url }) =>
      asOwner(urlOf(new URL(url).pathname), async (owner) => {
        const start = performance.now()
        const [row] = await owner`select tenancy.append_audit_logs(1000000) as entries`
        const micros = (performance.now() - start) * 1000
        await owner`vacuum tenancy.audit_queue`
        return { entries: Number(row?.entries), micros }
      }),
    async firstForm(secret) {
      const { url } = await make('first_form', 'app_user', async (ownerUrl) => {
        await migrate({ url: ownerUrl, appPassword: password, signingSecrets: [secret] })
        await asOwner(ownerUrl, async (owner) => owner.unsafe(await Bun.file(firstForm).text()))
      })
      return url
    },
    floor: (amount) =>
      once('floor', 'floor_user', amount, (ownerUrl) => asOwner(ownerUrl, (owner) => fillFloor(owner, amount))),
    async restart() {
      await asOwner(server.ownerUrl, (owner) => owner.unsafe('checkpoint')) // otherwise the start would include the recovery
      await server.restart()
    },
    [Symbol.asyncDispose]: () => server.stop(),
  }
}

/** As the serving role, like `bun run seed --tenants --tasks`. */
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
