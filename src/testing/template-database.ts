import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { type Connection, query } from '../database/index.ts'
import { type MigratedProject, migrate, readText } from '../migrate/index.ts'

/** The serving role of a test database. */
export interface Login {
  role: string
  password: string
}

/** The role that edits the tenant directory of a test database. */
export const directoryLogin = ({ role, password }: Login): Login => ({ role: `${role}_directory`, password })

/** What the names of test databases begin with. The time of creation follows, in base 36. */
export const copyPrefix = 'rowhouse_test_'
const templatePrefix = 'rowhouse_template_'
const day = 24 * 60 * 60 * 1000

/**
 * The name of a migrated database that test databases are copies of. It is created when the server has none of the same SQL and
 * migrations; other processes wait for it. Then the templates of earlier migrations are dropped, and test databases that a killed process
 * left a day ago.
 *
 * @param server a connection of a login that may create databases
 */
export async function templateFor(
  server: Connection,
  url: string,
  login: Login,
  project: MigratedProject,
): Promise<string> {
  const name = templatePrefix + (await hashOf(project, login))
  await query(server, lock)
  try {
    if ((await namesOf(server, 'datname = $1', name)).length > 0) return name
    const about = resolve(project.migrations ?? 'drizzle')
    await dropOld(server, about)
    const unfinished = `${name}_new`
    await server.command(`drop database if exists ${unfinished} with (force)`)
    await server.command(`create database ${unfinished} template template0`)
    const own = Object.assign(new URL(url), { pathname: `/${unfinished}` })
    const directory = directoryLogin(login)
    const roles = { appRole: login.role, directoryRole: directory.role, directoryPassword: directory.password }
    await migrate({ ...project, ...roles, url: own.href, appPassword: login.password })
    const [row] = await query(server, `select format('comment on database ${unfinished} is %L', $1::text) as comment`, [
      about,
    ])
    await server.command(String(row?.comment))
    await server.command(`alter database ${unfinished} rename to ${name}`)
    return name
  } finally {
    await query(server, unlock)
  }
}

// Of the whole server as far as it matters: every process names the same database.
const lock = "select pg_catalog.pg_advisory_lock(pg_catalog.hashtextextended('rowhouse test templates', 0))"
const unlock = lock.replace('pg_advisory_lock', 'pg_advisory_unlock')

/** @param migrations the folder whose earlier templates are dropped */
async function dropOld(server: Connection, migrations: string): Promise<void> {
  const templates = `datname ^@ '${templatePrefix}' and pg_catalog.shobj_description(oid, 'pg_database') = $1`
  const copies = `datname ^@ '${copyPrefix}' and not exists (select from pg_catalog.pg_stat_activity a where a.datid = oid)`
  const left = (await namesOf(server, copies)).filter((name) => createdAt(name) < Date.now() - day)
  for (const name of [...(await namesOf(server, templates, migrations)), ...left])
    await server.command(`drop database if exists ${name} with (force)`)
}

const createdAt = (name: string): number => Number.parseInt(name.slice(copyPrefix.length).split('_')[0] ?? '', 36)

async function namesOf(server: Connection, condition: string, ...parameters: string[]): Promise<string[]> {
  const rows = await query(
    server,
    `select datname::text as name from pg_catalog.pg_database where ${condition}`,
    parameters,
  )
  return rows.map(({ name }) => String(name))
}

/** Changes with every file of the project's SQL and migrations, and with the options. */
async function hashOf(
  { sql = 'sql', migrations = 'drizzle', ...options }: MigratedProject,
  login: Login,
): Promise<string> {
  const hash = createHash('sha256').update(JSON.stringify([options, login, resolve(migrations)]))
  for (const folder of [sql, migrations]) {
    const files = existsSync(folder) ? await readdir(folder, { recursive: true, withFileTypes: true }) : []
    const paths = files.filter((file) => file.isFile()).map((file) => join(file.parentPath, file.name))
    for (const path of paths.toSorted()) hash.update(`\n${path}\n${await readText(path)}`)
  }
  return hash.digest('hex').slice(0, 16)
}
