import { randomBytes } from 'node:crypto'
import postgres from 'postgres'
import { createPool, createTenantDatabase, type TenantDatabase } from '../src/database/index.ts'
import { migrate } from '../src/migrate/index.ts'
import { type Pooler, startPooler } from './pooler.ts'
import { startPostgres } from './postgres.ts'
import { project, tenantIds } from './tenants.ts'

// TEST_TEMPLATE is a migrated database on TEST_DATABASE_URL: test/deep/mutation gives it to each of its processes.
const { TEST_DATABASE_URL, TEST_TEMPLATE, BUN_TEST_WORKER_ID } = process.env
if (TEST_DATABASE_URL && BUN_TEST_WORKER_ID)
  throw new Error('Tests on TEST_DATABASE_URL cannot run in parallel, because they share its roles: omit --parallel')

// Each process that runs test files has one PostgreSQL server: that of TEST_DATABASE_URL, or a new one.
const server = TEST_DATABASE_URL ? undefined : await startPostgres()
const serverUrl = server?.ownerUrl ?? TEST_DATABASE_URL ?? ''
const administrator = postgres(serverUrl, { max: 1, onnotice: () => {} })
// Roles belong to the whole server. Concurrent runs share the role, so the password is the same in every run.
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

/** Creates a migrated, empty database for tests that break it, as a copy of a template. */
export async function createDatabase(): Promise<TestDatabase> {
  template ??= createTemplate()
  const name = await create(await template)
  // CREATE DATABASE does not copy privileges.
  await administrator`revoke connect, temporary on database ${administrator(name)} from public`
  await administrator`grant connect on database ${administrator(name)} to app_user`
  return urlsOf(name)
}

/** The function `raise(sqlstate, message)`, because a transaction may not contain a DO block. */
async function createRaise({ ownerUrl }: TestDatabase): Promise<void> {
  const owner = postgres(ownerUrl, { max: 1, onnotice: () => {} })
  await owner.unsafe(`create function raise(sqlstate text, message text = 'no') returns void language plpgsql as $$
    begin raise exception '%', message using errcode = sqlstate, detail = message, hint = message; end $$`)
  await owner.end()
}

/** Creates a database without any tables, for tests that prepare it themselves. */
export const createBareDatabase = async (): Promise<TestDatabase> => urlsOf(await create('template0'))

async function createTemplate(): Promise<string> {
  if (TEST_TEMPLATE) return TEST_TEMPLATE
  const name = await create('template0')
  const database = { ownerUrl: urlOf(name) }
  await migrate({ ...project, url: database.ownerUrl })
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

/** The shared database. Each test uses new tenant ids. */
export const main = await createDatabase()
await createRaise(main)
await administrator`alter role app_user password ${administrator.unsafe(`'${appPassword}'`)}`
// Every test file of this process keeps its connections until the process ends.
if (server) await administrator`alter role app_user connection limit 450`
// test/deep/engines: the serving role connects through a transaction pooler with one server connection.
if (process.env.TEST_POOLER) {
  pooler = await startPooler(main.appUrl)
  main.appUrl = pooler.through(main.appUrl)
}

/** The tenant database on the shared database. */
export const db: TenantDatabase = open(main)

/** Closes a resource when the tests have run. */
export const closeAfterwards = (thing: { close(): Promise<unknown> }): void => void opened.push(thing)

/** Creates a tenant database, which is closed when the tests have run. */
export function open(database: TestDatabase, size = 10): TenantDatabase {
  const db = createTenantDatabase({ connections: createPool({ url: database.appUrl, size }), ...tenantIds })
  opened.push(db)
  return db
}

/** Creates a client of the superuser, which bypasses row-level security. It is closed when the tests have run. */
export function asOwner(database: TestDatabase): postgres.Sql {
  const sql = postgres(database.ownerUrl, { max: 2, onnotice: () => {} })
  opened.push({ close: () => sql.end() })
  return sql
}

/** In front of the inserts of many rows in one message, for tests of something else than the audit trail: no trigger runs for them. */
export const unrecorded = 'set local session_replication_role = replica;'

/**
 * Closes all resources, drops the databases and stops the server. Does nothing in a worker of `--parallel`: Bun calls it there after
 * each file, and the next file uses the same server, which stops with the process.
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
