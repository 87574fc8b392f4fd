import { prepare } from '../../db/migrate.ts'
import { type Finding, inspectRowSecurity } from '../walls/index.ts'
import { compareSchema } from './compare.ts'
import type { RowhouseConfig } from './config.ts'
import { readSchema } from './schema.ts'
import { probeSetting } from './setting-probe.ts'
import { sharedFindingsIn } from './shared-findings.ts'

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
    ...(await sharedFindingsIn(connection, shared)),
    ...(await inspectRowSecurity(connection, { role: 'app_user', shared, tenantColumn })),
  ])
  // The release is that of the database at hand, and says nothing of the one that will serve.
  const ofProject = findings.filter(({ check }) => check !== 'server-release')
  return [...ofProject, ...(await probeSetting(url))]
}
