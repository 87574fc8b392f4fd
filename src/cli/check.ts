import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { Command } from '@commander-js/extra-typings'
import { sql } from 'drizzle-orm'
import { prepare } from '../../db/migrate.ts'
import { createPool, createTenantDatabase, withTenant } from '../tenancy/index.ts'
import { type Finding, inspectRowSecurity } from '../walls/index.ts'
import { compareSchema } from './compare.ts'
import { loadRowhouseConfig, type RowhouseConfig } from './config.ts'
import { migrationsOption, schemaOption, sharedOption, sqlOption, tenantColumnOption } from './options.ts'
import { report, reportOptions } from './report.ts'
import { readSchema } from './schema.ts'

const [formatOption, jsonOption, strictOption] = reportOptions

/**
 * Applies a project's SQL and migrations to a new database, and looks what came of it: the walls, whether the Drizzle schema
 * says the same, and whether the tenant that the kit sets is the one that the database reads.
 *
 * @param url an empty database of nobody else's, whose login is a superuser
 * @throws MigrationError when a statement fails, ConfigError when there is no schema
 */
export async function checkProject(project: RowhouseConfig, url: string): Promise<Finding[]> {
  const { shared, tenantColumn } = project
  const tables = await readSchema(project)
  const findings = await prepare({ ...project, url }, async (connection) => [
    ...(await compareSchema(connection, tables, shared)),
    ...(await inspectRowSecurity(connection, { role: 'app_user', shared, tenantColumn })),
  ])
  // The release is that of the database at hand, and says nothing of the one that will serve.
  const ofProject = findings.filter(({ check }) => check !== 'server-release')
  return [...ofProject, ...(await probeSetting(url))].toSorted((a, b) => a.level.localeCompare(b.level))
}

/** Sets a tenant as the service does, and asks the database for it. */
async function probeSetting(url: string): Promise<Finding[]> {
  const db = createTenantDatabase({ connections: createPool({ url, size: 1 }), role: 'app_user' })
  const tenantId = crypto.randomUUID()
  const ask = () => db.read((tx) => tx.execute<{ id: unknown }>(sql`select tenancy.current_tenant_id() as id`))
  try {
    const [row] = await withTenant(tenantId, ask)
    if (row?.id === tenantId) return []
    return [
      setting(`it gives ${row?.id ?? 'null'} where the tenant was set: it reads another setting than the kit writes`),
    ]
  } catch (error) {
    return [setting(`it cannot be asked: ${error instanceof Error ? error.message : String(error)}`)]
  } finally {
    await db.close()
  }
}

const setting = (problem: string): Finding => ({
  level: 'error',
  check: 'tenant-setting',
  promise: 14,
  object: 'tenancy.current_tenant_id()',
  problem,
  remedy: 'Delete sql/20-tenancy.sql, and run "rowhouse init".',
})

/** What PGlite has to bring along, by the names that the project's SQL creates. */
async function extensionsOf({ sql: folder, migrations }: RowhouseConfig): Promise<string[]> {
  const names = await Promise.all(
    [folder, migrations].map(async (path) => {
      const files = (await readdir(path).catch(() => [])).filter((name) => name.endsWith('.sql'))
      const texts = await Promise.all(files.map((name) => readFile(join(path, name), 'utf8')))
      return texts.flatMap((text) => [...text.matchAll(/create extension (?:if not exists )?"?([\w-]+)/gi)])
    }),
  )
  return names.flat().map(([, name = '']) => name)
}

export const checkCommand = new Command('check')
  .description('Apply the SQL and the migrations to a database in memory, and compare it with the Drizzle schema.')
  .addOption(schemaOption)
  .addOption(sqlOption)
  .addOption(migrationsOption)
  .addOption(sharedOption)
  .addOption(tenantColumnOption)
  .addOption(formatOption)
  .addOption(jsonOption)
  .addOption(strictOption)
  .addHelpText(
    'after',
    `
The doctor without a server, for a pre-commit hook: walls, tables, columns, keys, policies, the tenant's setting.
The first run takes a few seconds longer: it keeps an empty database in node_modules/.cache.

Examples:
  rowhouse check
  rowhouse check --schema src/schema.ts --format sarif > schema.sarif`,
  )
  .action(async ({ format, json: _, strict, ...flags }) => {
    const start = performance.now()
    const project = await loadRowhouseConfig(flags)
    // Only here: the other commands need not load a whole PostgreSQL.
    const { openInMemory } = await import('../../db/in-memory.ts')
    const modules = join(project.folder, 'node_modules')
    const cache = existsSync(modules) ? join(modules, '.cache/rowhouse') : undefined
    const database = await openInMemory(cache, await extensionsOf(project))
    try {
      const findings = await checkProject(project, database.url)
      const file = relative(project.folder, project.schema)
      const milliseconds = performance.now() - start
      process.exitCode = report({ subject: file, findings, milliseconds, file }, { format, strict })
    } finally {
      await database.close()
    }
  })
