/// <reference lib="esnext.disposable" preserve="true" />
import { randomBytes, scryptSync } from 'node:crypto'
import {
  createPool,
  createTenantDatabase,
  openConnection,
  query,
  type TenantDatabase,
  type TenantDatabaseOptions,
} from '../database/index.ts'
import type { MigratedProject } from '../migrate/index.ts'
import { parseDatabaseUrl } from '../text/index.ts'
import { copyPrefix, directoryLogin, type Login, templateFor } from './template-database.ts'

type Tables = Record<string, unknown>

/** The options of a test database. `schema` and `casing` are those of {@link createTenantDatabase}, for `db`. */
export interface TestDatabaseOptions<Schema extends Tables = Record<string, never>>
  extends MigratedProject,
    Pick<TenantDatabaseOptions<Schema>, 'schema' | 'casing'> {
  /**
   * A server for tests: the URL of a login that may create databases and roles, such as a superuser. Nothing in the database that it
   * names is changed.
   */
  url: string
  /**
   * Ends the database with the test file: `afterAll` of bun:test and of vitest, `after` of node:test.
   *
   * @default none: call `close`
   */
  afterAll?: (end: () => Promise<void>) => void
  /**
   * The serving role, for migrations that name it. An existing role keeps its password.
   *
   * @default a role that only test databases use
   */
  login?: Login
}

/** A migrated, empty database for one test file. */
export interface TestDatabase<Schema extends Tables = Record<string, never>> {
  /** As the owner, to whom row-level security does not apply when it is a superuser: for what a test prepares. */
  ownerUrl: string
  /** As the serving role. */
  appUrl: string
  /** As the role that edits the tenant directory and does nothing else, for `createDirectoryEditor`. */
  directoryUrl: string
  /** The tenant database, as the serving role. Its first use opens a connection. */
  db: TenantDatabase<Schema>
  /** Closes `db` and drops the database. */
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/**
 * Creates a migrated database for one test file. The first call of a project migrates a template, and each call copies it, which takes
 * a fraction of a second. The template is kept on the server, until the SQL or the migrations change.
 *
 * @throws TypeError for a URL that is not understood; MigrationError and RowSecurityError as `migrate` throws them
 * @example
 * const { db } = await createTestDatabase({ url: 'postgres://postgres:postgres@localhost:5432/postgres', afterAll })
 * test("no tenant reaches another tenant's rows", () => expectTenantIsolation(db))
 */
export async function createTestDatabase<Schema extends Tables = Record<string, never>>(
  options: TestDatabaseOptions<Schema>,
): Promise<TestDatabase<Schema>> {
  const { url, afterAll, login = loginOf(url), schema, casing, ...project } = options
  const name = `${copyPrefix}${Date.now().toString(36)}_${randomBytes(4).toString('hex')}`
  await onServer(url, async (server) => {
    await server.command(`create database ${name} template ${await templateFor(server, url, login, project)}`)
    // CREATE DATABASE copies no privileges.
    const statements = `format('revoke connect, temporary on database ${name} from public; grant connect on database ${name} to %I, %I', $1::text, $2::text)`
    const [row] = await query(server, `select ${statements} as statements`, [login.role, directoryLogin(login).role])
    await server.command(String(row?.statements))
  })
  const appUrl = urlOf(url, name, login)
  const connections = createPool({ url: appUrl, size: 4 })
  const db = createTenantDatabase({ connections, tenantId: project.tenantId, schema, casing })
  let ending: Promise<void> | undefined
  async function end(): Promise<void> {
    await db.close()
    await onServer(url, (server) => server.command(`drop database if exists ${name} with (force)`))
  }
  const close = () => (ending ??= end())
  afterAll?.(close)
  const directoryUrl = urlOf(url, name, directoryLogin(login))
  return { ownerUrl: urlOf(url, name), appUrl, directoryUrl, db, close, [Symbol.asyncDispose]: close }
}

async function onServer(
  url: string,
  work: (server: ReturnType<typeof openConnection>) => Promise<unknown>,
): Promise<void> {
  const server = openConnection({ url })
  try {
    await work(server)
  } finally {
    await server.close()
  }
}

/**
 * A role whose password follows from the owner's, so that every process knows it and nobody else. Its name follows too, and every login
 * of the server can read it: scrypt (RFC 7914) makes guessing the owner's password from it slow.
 */
function loginOf(url: string): Login {
  const { user, password } = parseDatabaseUrl(url)
  const hash = scryptSync(password, `rowhouse test role ${user}`, 36).toString('hex')
  return { role: `rowhouse_test_${hash.slice(0, 8)}`, password: hash.slice(8) }
}

/** The same server with another database, and another login. */
function urlOf(server: string, database: string, login?: Login): string {
  const url = new URL(server)
  url.pathname = `/${database}`
  if (login) Object.assign(url, { username: login.role, password: encodeURIComponent(login.password) })
  return url.href
}
