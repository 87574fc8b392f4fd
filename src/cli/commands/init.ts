import { join, relative } from 'node:path'
import { Command } from '@commander-js/extra-typings'
import type { Finding } from '../../isolation/index.ts'
import { protectedTablesFile, readText, shippedFiles } from '../../migrate/index.ts'
import { loadRowhouseConfig, type RowhouseConfig } from '../config.ts'
import { type CommandIo, print } from '../io.ts'
import { readLogin } from '../logins.ts'
import { casingOption, schemaOption, sharedOption, sqlOption, tenantColumnOption } from '../options.ts'
import { protectedTablesSql } from '../output/protected-tables-sql.ts'
import { isForPeople, report, withReport } from '../output/report.ts'
import { setUpLines } from '../output/set-up-lines.ts'
import { changes, compareFile, save, type WrittenFile } from '../output/written-file.ts'
import { packageFolder } from '../package-folder.ts'
import { type Runner, runnerOf } from '../runner.ts'
import { readProjectSql } from '../schema/project-sql.ts'
import { readSchema } from '../schema/read-schema.ts'
import { schemaName } from '../schema/schema-files.ts'
import { inspectSchema } from '../schema/schema-findings.ts'
import { sharedFindings } from '../schema/shared-findings.ts'

/** What `init` writes, and what it leaves to the user. */
export interface InitPlan {
  files: WrittenFile[]
  findings: Finding[]
  /** The next steps, with the code that the user adds. */
  setUp: string
}

/**
 * Compares the SQL files of a project with the files that its Drizzle schema needs.
 *
 * @param nextSteps the serving role and the runner of the printed commands
 * @throws OperatorError when the schema cannot be read
 * @example
 * const { files } = await planInit(await loadRowhouseConfig({}, process.cwd()))
 */
export async function planInit(
  project: RowhouseConfig,
  { servingRole = 'app_user', runner = runnerOf({}) }: { servingRole?: string | undefined; runner?: Runner } = {},
): Promise<InitPlan> {
  const tables = await readSchema(project)
  const files = await Promise.all([
    ...shippedFiles.map(async (name) => {
      const body = await readText(join(packageFolder(), 'sql', name))
      return await compareFile(join(project.sql, name), body)
    }),
    compareFile(join(project.sql, protectedTablesFile), protectedTablesSql(tables)),
  ])
  const edited = files
    .filter(({ state }) => state === 'edited')
    .map(({ path }) => editedFile(relative(project.folder, path)))
  return {
    files,
    findings: [
      ...edited,
      ...sharedFindings(project.shared, tables, await readProjectSql(project)),
      ...inspectSchema(tables, project.tenantColumn),
    ],
    setUp: setUpLines(project, tables, { servingRole, runner }),
  }
}

const editedFile = (object: string): Finding => ({
  level: 'error',
  check: 'edited-file',
  guarantee: 27,
  object,
  problem: '"rowhouse init" did not write this version of the file, so it left the file unchanged',
  remedy: 'Move your SQL to a file of your own, such as 50-own.sql, delete this file, and run "rowhouse init" again.',
})

export const createInitCommand = (io: CommandIo) =>
  withReport(
    new Command('init')
      .description('Write the SQL that protects the tables of a Drizzle schema, and report what the schema lacks.')
      .option('--dry-run', 'print the changes without writing them')
      .addOption(schemaOption)
      .addOption(sqlOption)
      .addOption(sharedOption)
      .addOption(tenantColumnOption)
      .addOption(casingOption),
  )
    .addHelpText(
      'after',
      `
Each table with the tenant column gets row-level security and the indexes that its policies need. Shared tables become
readable. Run the command again after each change of the schema. It never overwrites a file that you edited.

Examples:
  ${io.runner.run} rowhouse init --dry-run
  ${io.runner.run} rowhouse init --schema src/schema.ts --tenant-column org_id --shared public.countries`,
    )
    .action(async ({ dryRun, format, json, strict, ...flags }) => {
      const start = performance.now()
      const project = await loadRowhouseConfig(flags, io.cwd)
      const { files, findings, setUp } = await planInit(project, {
        servingRole: readLogin('DATABASE_URL', io.env.DATABASE_URL, 'app_user')?.role,
        runner: io.runner,
      })
      if (!dryRun) for (const file of files) await save(file)
      const options = { format, json, strict }
      const isText = isForPeople(options)
      if (isText) print(io, [...files.flatMap((file) => describeFile(file, project, dryRun)), ''].join('\n'))
      const milliseconds = performance.now() - start
      const subject = schemaName(project)
      io.exitCode = report(io, { subject, findings, milliseconds, file: subject }, options)
      const isChanged = !dryRun && files.some(({ state }) => state === 'new' || state === 'outdated')
      if (isText && isChanged && io.exitCode === 0) print(io, `\n${setUp}`)
    })

function describeFile(file: WrittenFile, { folder }: RowhouseConfig, dryRun = false): string[] {
  const outcomes = {
    new: dryRun ? 'would be written' : 'written',
    outdated: dryRun ? 'would be updated' : 'updated',
    same: 'is up to date',
    edited: 'was not changed: somebody edited it',
  }
  return [`${relative(folder, file.path)} ${outcomes[file.state]}`, ...(dryRun ? changes(file) : [])]
}
