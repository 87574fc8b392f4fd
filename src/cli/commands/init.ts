import { readFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { Command } from '@commander-js/extra-typings'
import type { Finding } from '../../isolation/index.ts'
import { loadRowhouseConfig, type RowhouseConfig } from '../config.ts'
import { schemaOption, sharedOption, sqlOption, tenantColumnOption } from '../options.ts'
import { protectedTablesSql } from '../output/protected-tables-sql.ts'
import { isForPeople, report, withReport } from '../output/report.ts'
import { setUpLines } from '../output/set-up-lines.ts'
import { changes, compareFile, save, type WrittenFile } from '../output/written-file.ts'
import { readProjectSql } from '../schema/project-sql.ts'
import { readSchema } from '../schema/read-schema.ts'
import { inspectSchema } from '../schema/schema-findings.ts'
import { sharedFindings } from '../schema/shared-findings.ts'

/** The files that are the same in every project: those that this kit itself is tested with. */
const shipped = ['10-roles.sql', '20-tenancy.sql', '25-signed-context.sql', '30-protect.sql', '35-tenant-directory.sql']

/** What `init` would do to a project, and what it cannot do. */
export interface Plan {
  files: WrittenFile[]
  findings: Finding[]
  /** The code that is left to write. */
  setUp: string
}

/**
 * Looks at a project's Drizzle schema, and at the SQL that stands there already.
 *
 * @throws OperatorError when there is no schema to look at
 * @example
 * const { files } = await planInit(await loadRowhouseConfig())
 */
export async function planInit(project: RowhouseConfig): Promise<Plan> {
  const tables = await readSchema(project)
  const bodies = shipped.map(
    async (name) => [name, await readFile(new URL(`../../../sql/${name}`, import.meta.url), 'utf8')] as const,
  )
  const wanted = [...(await Promise.all(bodies)), ['40-protected-tables.sql', protectedTablesSql(tables)] as const]
  const files = await Promise.all(wanted.map(([name, body]) => compareFile(join(project.sql, name), body)))
  const edited = files
    .filter(({ state }) => state === 'edited')
    .map(
      ({ path }): Finding => ({
        level: 'error',
        check: 'edited-file',
        guarantee: 27,
        object: relative(project.folder, path),
        problem: 'somebody else wrote or edited it, so it was left alone, and it is not what the schema asks for',
        remedy:
          'Move what is yours to a file of its own, as 50-own.sql, delete this one, and run "rowhouse init" again.',
      }),
    )
  return {
    files,
    findings: [
      ...edited,
      ...sharedFindings(project.shared, tables, await readProjectSql(project)),
      ...inspectSchema(tables, project.tenantColumn),
    ],
    setUp: setUpLines(project, tables),
  }
}

export const initCommand = withReport(
  new Command('init')
    .description(
      'Write the SQL that walls the tables of a Drizzle schema, and say what only the schema itself can mend.',
    )
    .option('--dry-run', 'write nothing; print what would be written')
    .addOption(schemaOption)
    .addOption(sqlOption)
    .addOption(sharedOption)
    .addOption(tenantColumnOption),
)
  .addHelpText(
    'after',
    `
Each table with the tenant column gets its wall, and the indexes that row security needs; shared tables can be read.
Run it again after each change of the schema: a file that somebody edited is never overwritten.

Examples:
  rowhouse init --dry-run
  rowhouse init --schema src/schema.ts --tenant-column org_id --shared public.countries`,
  )
  .action(async ({ dryRun, format, json, strict, ...flags }) => {
    const start = performance.now()
    const project = await loadRowhouseConfig(flags)
    const { files, findings, setUp } = await planInit(project)
    if (!dryRun) for (const file of files) await save(file)
    const options = { format, json, strict }
    const isRead = isForPeople(options)
    if (isRead) console.log([...files.flatMap((file) => listing(file, project, dryRun)), ''].join('\n'))
    const milliseconds = performance.now() - start
    const subject = relative(project.folder, project.schema)
    process.exitCode = report({ subject, findings, milliseconds, file: subject }, options)
    if (isRead) console.log(`\n${setUp}`)
  })

function listing(file: WrittenFile, { folder }: RowhouseConfig, dryRun = false): string[] {
  const said = {
    new: dryRun ? 'would be written' : 'written',
    outdated: dryRun ? 'would be brought up to date' : 'brought up to date',
    same: 'is right as it is',
    edited: 'was left alone: somebody else wrote or edited it',
  }
  return [`${relative(folder, file.path)} ${said[file.state]}`, ...(dryRun ? changes(file) : [])]
}
