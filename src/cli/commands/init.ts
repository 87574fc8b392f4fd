import { relative } from 'node:path'
import { Command } from '@commander-js/extra-typings'
import type { Finding } from '../../isolation/index.ts'
import { writeTenantMigration } from '../adopt/write-migration.ts'
import { loadRowhouseConfig, type RowhouseConfig } from '../config.ts'
import { isolationTest, type StarterFile, starterFiles, writeStarter } from '../init/starter.ts'
import { type CommandIo, print } from '../io.ts'
import { readLogin } from '../logins.ts'
import { withSchema } from '../options.ts'
import { isForPeople, report, withReport } from '../output/report.ts'
import { setUpLines } from '../output/set-up-lines.ts'
import { changes, outcomeOf, save, type WrittenFile } from '../output/written-file.ts'
import { type Runner, runnerOf } from '../runner.ts'
import { readProjectSql } from '../schema/project-sql.ts'
import { readSchema } from '../schema/read-schema.ts'
import { readViews, viewFindings } from '../schema/read-views.ts'
import { schemaName } from '../schema/schema-files.ts'
import { inspectSchema } from '../schema/schema-findings.ts'
import { sharedFindings } from '../schema/shared-findings.ts'
import { writtenFiles } from '../schema/written-files.ts'
import { readManifest, testRunnerOf } from '../test-runner.ts'

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
  const views = await readViews(project)
  const [testRunner, manifest] = [await testRunnerOf(project.folder), await readManifest(project.folder)]
  const files = await writtenFiles(project, tables)
  const edited = files
    .filter(({ state }) => state === 'edited')
    .map(({ path }) => editedFile(relative(project.folder, path)))
  return {
    files,
    findings: [
      ...edited,
      ...sharedFindings(project, [...tables, ...views], await readProjectSql(project)),
      ...inspectSchema(tables, project.tenantColumn, project.tenantId),
      ...viewFindings(views),
    ],
    setUp: setUpLines(project, tables, {
      servingRole,
      runner,
      testRunner,
      isModule: manifest.type === 'module',
      hasDrizzleKit: 'drizzle-kit' in { ...manifest.dependencies, ...manifest.devDependencies },
    }),
  }
}

const editedFile = (object: string): Finding => ({
  level: 'error',
  check: 'edited-file',
  guarantee: 27,
  object,
  problem: '"rowhouse init" did not write this version of the file, so it left the file unchanged',
  remedy:
    '"rowhouse upgrade" shows the difference. Move your SQL to a file of your own, such as 50-own.sql, delete this file, and run ' +
    '"rowhouse init" again.',
})

export const createInitCommand = (io: CommandIo) =>
  withReport(
    withSchema(
      new Command('init')
        .description('Write the SQL that protects the tables of a Drizzle schema, and report what the schema lacks.')
        .option('--dry-run', 'print the changes without writing them')
        .option(
          '--tenant-from <column...>',
          'write the migration of existing rows: columns that hold the tenant, such as orders.org_id',
        ),
    ),
  )
    .addHelpText(
      'after',
      `
In an empty folder it begins with a schema of one table and a drizzle.config.ts. A project without a test of its isolation gets one.

--tenant-from writes a migration for rows that exist, and runs nothing. Begin with the schema as it is: the tables get the tenant column
from the named columns and along foreign keys, then NOT NULL, then keys that begin with it. What the command cannot know is a question
in the file, and the exit code is 1.

Each table with the tenant column gets row-level security and the indexes that its policies need. Shared tables become
readable. Run the command again after each change of the schema. It never overwrites a file that you edited.

Examples:
  ${io.runner.run} rowhouse init --dry-run
  ${io.runner.run} rowhouse init --tenant-from orders.org_id
  ${io.runner.run} rowhouse init --schema src/schema.ts --tenant-column org_id --shared public.countries`,
    )
    .action(async ({ dryRun, tenantFrom, format, json, strict, ...flags }) => {
      const start = performance.now()
      const project = await loadRowhouseConfig(flags, io.cwd)
      const options = { format, json, strict }
      const isText = isForPeople(options)
      const starter = flags.schema === undefined ? await starterFiles(project) : []
      const lines = describeStarter(starter, project, dryRun)
      if (isText && lines.length > 0) print(io, lines.join('\n'))
      if (dryRun && starter.length > 0) return
      for (const file of starter) await writeStarter(file)
      const { files, findings, setUp } = await planInit(project, {
        servingRole: readLogin('DATABASE_URL', io.env.DATABASE_URL, 'app_user')?.role,
        runner: io.runner,
      })
      if (!dryRun) for (const file of files) await save(file)
      const tests = await isolationTest(project)
      if (!dryRun) for (const file of tests) await writeStarter(file)
      if (isText)
        print(
          io,
          [
            ...describeStarter(tests, project, dryRun),
            ...files.flatMap((file) => describeFile(file, project, dryRun)),
            '',
          ].join('\n'),
        )
      const milliseconds = performance.now() - start
      const subject = schemaName(project)
      io.exitCode = report(io, { subject, findings, milliseconds, file: subject }, options)
      if (tenantFrom) {
        const given = { from: tenantFrom, dryRun: dryRun ?? false, runner: io.runner }
        const { lines, questions } = await writeTenantMigration(project, given)
        if (isText) print(io, `\n${lines.join('\n')}`)
        if (questions.length > 0) io.exitCode = 1
        return
      }
      const isChanged = !dryRun && files.some(({ state }) => state === 'new' || state === 'outdated')
      if (isText && isChanged && io.exitCode === 0) print(io, `\n${setUp}`)
    })

const describeStarter = (files: StarterFile[], { folder }: RowhouseConfig, dryRun = false): string[] =>
  files.map(({ path }) => `${relative(folder, path)} ${dryRun ? 'would be written' : 'written'}`)

function describeFile(file: WrittenFile, { folder }: RowhouseConfig, dryRun = false): string[] {
  return [
    `${relative(folder, file.path)} ${outcomeOf(file, dryRun)}`,
    ...(dryRun && file.state !== 'edited' ? [changes(file, folder)] : []),
  ].filter(Boolean)
}
