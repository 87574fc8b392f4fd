import { afterAll } from 'bun:test'
import postgres from 'postgres'
import { migrate } from '../../src/migrate/index.ts'
import { startPostgres } from '../postgres.ts'
import { project } from '../tenants.ts'

/** Passwords of the logins of {@link startAdminServer}. */
const passwords = { app_user: 'serves', app_admin: `it's "odd" \\ ü %L`, app_directory: 'edits', app_worker: 'works' }

/**
 * A PostgreSQL server of its own, with `app_admin`, `app_directory` and `app_worker`: roles belong to the whole server, and other tests must not
 * find a role with BYPASSRLS. It ends after the tests of the file.
 */
export async function startAdminServer() {
  const server = await startPostgres()
  const owner = postgres(server.ownerUrl, { max: 2, onnotice: () => {} })
  afterAll(async () => {
    await owner.end()
    await server.stop()
  })
  const as = (username: string, password: string, database = 'postgres') =>
    Object.assign(new URL(server.ownerUrl), { username, password, pathname: `/${database}` }).href
  const [appPassword, adminPassword] = [passwords.app_user, passwords.app_admin]
  await migrate({
    ...project,
    url: server.ownerUrl,
    appPassword,
    adminPassword,
    directoryPassword: passwords.app_directory,
    workerPassword: passwords.app_worker,
  })
  return {
    owner,
    as,
    ownerUrl: server.ownerUrl,
    appUrl: as('app_user', encodeURIComponent(appPassword)),
    adminUrl: as('app_admin', encodeURIComponent(adminPassword)),
    directoryUrl: as('app_directory', passwords.app_directory),
    workerUrl: as('app_worker', passwords.app_worker),
    adminPassword,
  }
}
