import { type Finding, inspectRowSecurity } from '../../isolation/index.ts'
import { prepare } from '../../migrate/index.ts'
import type { RowhouseConfig } from '../config.ts'
import { compareSchema } from './compare-schema.ts'
import { probeSetting } from './probe-setting.ts'
import { readSchema } from './read-schema.ts'
import { sharedFindingsIn } from './shared-findings.ts'

/**
 * Applies a project's SQL and migrations to a new database, and looks what came of it: the walls, whether the Drizzle schema
 * says the same, and whether the tenant that the kit sets is the one that the database reads.
 *
 * @param url an empty database of nobody else's, whose login is a superuser
 * @throws MigrationError when a statement fails, OperatorError when there is no schema
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
