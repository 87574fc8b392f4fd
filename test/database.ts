import { randomBytes, randomUUID } from 'node:crypto'
import postgres from 'postgres'
import { createPool, createTenantDatabase, type TenantDatabase } from '../src/database/index.ts'
import { migrate } from '../src/migrate/index.ts'
import { type Pooler, startPooler } from './pooler.ts'
import { startPostgres } from './postgres.ts'

const { TEST_DATABASE_URL, BUN_TEST_WORKER_ID } = process.env
if (TEST_DATABASE_URL && BUN_TEST_WORKER_ID)
  throw new Error('TEST_DATABASE_URL is one server, whose roles parallel files would change: leave --parallel out.')

/** Each process that runs test files has a PostgreSQL server: the one of `TEST_DATABASE_URL`, or one that is started here. */
const server = TEST_DATABASE_URL ? undefined : await startPostgres()
const serverUrl = server?.ownerUrl ?? TEST_DATABASE_URL ?? ''
const administrator = postgres(serverUrl, { max: 1, onnotice: () => {} })
// Roles belong to the whole server. The password is the same in every run, so that concurrent runs share the role.
const appPassword = 'rowhouse-tests'
const names: string[] = []
const opened: { close(): Promise<unknown> }[] = []
let pooler: Pooler | undefined
let template: Promise<string> | undefined

/** The URLs of a database on the test server, as the owner (a superuser) and as the serving role. */
export interface TestDatabase {
  ownerUrl: string
  appUrl: string
}

/** A migrated, empty database, for tests that break it: a copy of one that is migrated once. */
export async function createDatabase(): Promise<TestDatabase> {
  template ??= createTemplate()
  const name = await create(await template)
  await administrator`revoke temporary on database ${administrator(name)} from public` // a copy has no privileges of its template
  return urlsOf(name)
}

/** A database with nothing in it, for tests that prepare it themselves. */
export const createBareDatabase = async (): Promise<TestDatabase> => urlsOf(await create('template0'))

async function createTemplate(): Promise<string> {
  const name = await create('template0')
  const database = { ownerUrl: urlOf(name) }
  await migrate({ url: database.ownerUrl })
  return name
}

async function create(from: string): Promise<string> {
  const name = `rowhouse_${randomBytes(6).toString('hex')}`
  names.push(name)
  await administrator`create database ${administrator(name)} template ${administrator(from)}`
  return name
}

function urlsOf(name: string): TestDatabase {
  const appUrl = urlOf(name, 'app_user', appPassword)
  return { ownerUrl: urlOf(name), appUrl: pooler?.through(appUrl) ?? appUrl }
}

function urlOf(database: string, user?: string, password?: string): string {
  const url = new URL(serverUrl)
  url.pathname = `/${database}`
  if (user) url.username = user
  if (password) url.password = password
  return url.href
}

/** The database that the tests share. Each test uses new tenant ids. */
export const main = await createDatabase()
await administrator`alter role app_user password ${administrator.unsafe(`'${appPassword}'`)}`
// Of all test files of this process: each keeps its connections until the process ends.
if (server) await administrator`alter role app_user connection limit 250`
// The serving role of every test then connects through a transaction pooler with one connection: test/deep/engines.
if (process.env.TEST_POOLER) {
  pooler = await startPooler(main.appUrl)
  main.appUrl = pooler.through(main.appUrl)
}

/** The tenant database on the shared database, as the service creates it. */
export const db: TenantDatabase = open(main)

/** Closes a resource after the run. */
export const closeAfterwards = (thing: { close(): Promise<unknown> }): void => void opened.push(thing)

/** Creates a tenant database that is closed after the run. */
export function open(database: TestDatabase, size = 10): TenantDatabase {
  const db = createTenantDatabase({ connections: createPool({ url: database.appUrl, size }) })
  opened.push(db)
  return db
}

/** The owner's client, which bypasses row-level security and can break it. Closed after the run. */
export function asOwner(database: TestDatabase): postgres.Sql {
  const sql = postgres(database.ownerUrl, { max: 2, onnotice: () => {} })
  opened.push({ close: () => sql.end() })
  return sql
}

/** The id of a tenant that no other test uses. */
export const newTenant = (): string => randomUUID()

/**
 * Closes all, and leaves the server as it was. A process that runs files in parallel with others calls it after each of them, and keeps
 * all for the next file: its server ends with the process.
 */
export async function closeDatabases(): Promise<void> {
  if (BUN_TEST_WORKER_ID) return
  await Promise.all(opened.map((one) => one.close()))
  await pooler?.stop()
  if (!server)
    for (const name of names) await administrator`drop database if exists ${administrator(name)} with (force)`
  await administrator.end()
  await server?.stop()
}
