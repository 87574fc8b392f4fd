import type { Connection } from '../../database/index.ts'
import { type Finding, inspectRowSecurity, readRecording } from '../../isolation/index.ts'
import { type Migrated, migrateAndInspect } from '../../migrate/index.ts'
import type { RowhouseConfig } from '../config.ts'
import { compareSchema } from './compare-schema.ts'
import { probeSetting } from './probe-setting.ts'
import { readSchema } from './read-schema.ts'
import { compareViews, readViews } from './read-views.ts'
import { recordedTables } from './recorded-tables.ts'
import { aggregateFindings, recordingFindings } from './recording-findings.ts'
import { sharedFindingsIn } from './shared-findings.ts'

/**
 * Applies the SQL and the migrations of a project to an empty database. Then it inspects row-level security, compares
 * the tables with the Drizzle schema and what they record with the configuration, and checks that the database reads the tenant setting
 * that the kit writes.
 *
 * @param url an empty database that nothing else uses, as a superuser
 * @param appRole the serving role, which SQL of the project may name. @default 'app_user'
 * @throws MigrationError when a statement fails, OperatorError when the schema cannot be read
 */
export async function checkProject(project: RowhouseConfig, url: string, appRole?: string): Promise<Finding[]> {
  const { shared, unreachable, tenantColumn } = project
  const tables = await readSchema(project)
  const views = await readViews(project)
  const recorded = recordedTables(project, tables)
  const inspect = async (connection: Connection, { servingRole: role }: Migrated) => {
    const inspected = [
      ...(await compareSchema(connection, tables, [...shared, ...unreachable])),
      ...(await compareViews(connection, views)),
      ...(await sharedFindingsIn(connection, project)),
      ...(await inspectRowSecurity(connection, { role, shared, unreachable, tenantColumn, allowPrivileged: true })),
    ]
    const found = await readRecording(connection, { role, shared, unreachable, tenantColumn })
    return [
      ...inspected,
      ...(recorded ? recordingFindings(found, recorded) : []),
      ...aggregateFindings(found, project.tables),
    ]
  }
  const findings = await migrateAndInspect({ ...project, url, appRole }, inspect, { asExisting: true })
  // The server release is that of the temporary database.
  const ofProject = findings
    .filter(({ check }) => check !== 'server-release')
    .map((finding) => (finding.check === 'no-table' ? { ...finding, remedy: noTableRemedy } : finding))
  return [...ofProject, ...(await probeSetting(url, project.tenantId, appRole))]
}

const noTableRemedy =
  'Add the tenant column to the tables of the schema, or name another one with --tenant-column or in rowhouse.config.ts.'
