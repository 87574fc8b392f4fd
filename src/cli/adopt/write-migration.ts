import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { OperatorError } from '../../errors/index.ts'
import { readText } from '../../migrate/index.ts'
import type { RowhouseConfig } from '../config.ts'
import { configLines, numbered } from '../output/set-up-lines.ts'
import type { Runner } from '../runner.ts'
import { readSchema, type SchemaTable } from '../schema/read-schema.ts'
import { tenantBuilderCode } from '../schema/tenant-column-code.ts'
import { serialsOf, tenantMigration } from './tenant-migration.ts'
import { parentOf } from './tenant-sources.ts'

/** What `rowhouse init --tenant-from` says, and what it leaves to the user. */
export interface WrittenMigration {
  lines: string[]
  questions: string[]
}

/**
 * Writes the migration that gives existing rows their tenant, beside the migrations of the project.
 *
 * @param from the columns that hold the tenant's id, as `orders.org_id`
 * @throws OperatorError when the file was edited
 */
export async function writeTenantMigration(
  project: RowhouseConfig,
  { from, dryRun, runner }: { from: string[]; dryRun: boolean; runner: Runner },
): Promise<WrittenMigration> {
  const tenant = project.tenantColumn
  const tables = await readSchema(project)
  const { text, questions } = tenantMigration(tables, { tenant, type: project.tenantId, from })
  if (text === '')
    return {
      lines: [`Every table has the column ${tenant}, and its keys begin with it: there is nothing to migrate.`],
      questions,
    }
  if (dryRun) return { lines: [text], questions }
  const path = join(project.migrations, fileName)
  const name = relative(project.folder, path)
  if (existsSync(path) && (await readText(path)) !== text)
    throw new OperatorError(`${name} exists with another text: move it away, and run the command again.`)
  await mkdir(dirname(path), { recursive: true })
  await writeFile(path, text)
  const asked = ['It has questions that only you can answer:', ...questions.map((question) => `  - ${question}`)]
  return {
    lines: [
      `${name} written: it locks each table until its end. No command runs it.`,
      ...(questions.length > 0 ? asked : []),
      '',
      await nextSteps(project, tables, name, runner),
    ],
    questions,
  }
}

const fileName = 'tenants.sql'

async function nextSteps(
  project: RowhouseConfig,
  tables: SchemaTable[],
  name: string,
  { run }: Runner,
): Promise<string> {
  const { tenantColumn, tenantId, migrations, folder } = project
  const number = String(await countMigrations(migrations)).padStart(4, '0')
  const generated = `${relative(folder, migrations)}/${number}_tenants.sql`
  const steps = [
    ...configLines(project),
    `Read ${name}, and answer its questions.`,
    `Give each table of the schema the column, and let its keys begin with it. "${run} rowhouse init" prints the line of each key:

  tenantId: ${tenantBuilderCode(tenantColumn, tenantId)}`,
    ...(tables.some((table) => serialsOf(table).length > 0)
      ? [
          "Write each serial as an identity: integer('id').generatedByDefaultAsIdentity() for serial('id'), bigint for bigserial.",
        ]
      : []),
    `Generate the migration:

  ${run} drizzle-kit generate --name tenants

In ${generated}, put ${name} in the place of the statements about its columns and keys. Keep all others,
such as ALTER VIEW and ENABLE ROW LEVEL SECURITY, with a line "--> statement-breakpoint" between two statements.`,
    `Compare the result with the schema, and migrate a copy of the database first:

  ${run} rowhouse init
  ${run} rowhouse check
  ${run} rowhouse migrate`,
    ...valuesLines(tables, tenantColumn),
  ]
  return numbered(steps)
}

/** The isolation test inserts rows, and cannot look for those that they refer to in a table out of reach. */
function valuesLines(tables: SchemaTable[], tenant: string): string[] {
  const needed = tables
    .filter(({ isShared, isUnreachable }) => !isShared && !isUnreachable)
    .flatMap((table) => {
      const names = table.foreignKeys
        .filter((key) => parentOf(key, tables)?.isUnreachable)
        .flatMap((key) => key.reference().columns)
        .filter((column) => column.notNull && column.name !== tenant)
        .map(({ name }) => `${/^\w+$/.test(name) ? name : JSON.stringify(name)}: '…'`)
      return names.length === 0 ? [] : [`'${table.label}': { ${names.join(', ')} }`]
    })
  if (needed.length === 0) return []
  return [
    `Pass the isolation test keys of rows that exist in the tables out of reach:

  await expectTenantIsolation(db, { values: { ${needed.join(', ')} } })`,
  ]
}

async function countMigrations(folder: string): Promise<number> {
  const path = join(folder, 'meta/_journal.json')
  if (!existsSync(path)) return 0
  const { entries = [] } = JSON.parse(await readText(path)) as { entries?: unknown[] } // drizzle-kit writes it
  return entries.length
}
