import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { OperatorError } from '../../errors/index.ts'
import { readText } from '../../migrate/index.ts'
import type { RowhouseConfig } from '../config.ts'
import { configLines, numbered } from '../output/set-up-lines.ts'
import type { Runner } from '../runner.ts'
import { readSchema } from '../schema/read-schema.ts'
import { serialsOf, tenantMigration } from './tenant-migration.ts'

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
  const { text, questions } = tenantMigration(tables, { tenant, from })
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
      await nextSteps(project, name, { runner, hasSerials: tables.some((table) => serialsOf(table).length > 0) }),
    ],
    questions,
  }
}

const fileName = 'tenants.sql'

async function nextSteps(
  project: RowhouseConfig,
  name: string,
  { runner: { run }, hasSerials }: { runner: Runner; hasSerials: boolean },
): Promise<string> {
  const { tenantColumn, migrations, folder } = project
  const number = String(await countMigrations(migrations)).padStart(4, '0')
  const generated = `${relative(folder, migrations)}/${number}_tenants.sql`
  const steps = [
    ...configLines(project),
    `Read ${name}, and answer its questions.`,
    `Give each table of the schema the column, and let its keys begin with it. "${run} rowhouse init" prints the line of each key:

  tenantId: uuid('${tenantColumn}').notNull().default(sql\`tenancy.current_tenant_id()\`),`,
    ...(hasSerials
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
  ]
  return numbered(steps)
}

async function countMigrations(folder: string): Promise<number> {
  const path = join(folder, 'meta/_journal.json')
  if (!existsSync(path)) return 0
  const { entries = [] } = JSON.parse(await readText(path)) as { entries?: unknown[] } // drizzle-kit writes it
  return entries.length
}
