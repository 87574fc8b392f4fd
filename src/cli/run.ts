import { Command, CommanderError } from '@commander-js/extra-typings'
import project from '../../package.json' with { type: 'json' }
import { OperatorError } from '../errors/index.ts'
import { commandSecrets, readSecretFiles } from '../service/config/secret-files.ts'
import { describeStartProblem } from '../service/start-problem.ts'
import { escapedLines } from '../text/index.ts'
import { createAddCommand } from './commands/add.ts'
import { createAuditCommand } from './commands/audit/index.ts'
import { createCheckCommand } from './commands/check.ts'
import { createDoctorCommand } from './commands/doctor.ts'
import { createInitCommand } from './commands/init.ts'
import { createIssuerCommand } from './commands/issuer.ts'
import { createMigrateCommand } from './commands/migrate.ts'
import { createPurgeCommand } from './commands/purge.ts'
import { createTenantCommand } from './commands/tenant.ts'
import { createUndoCommand } from './commands/undo.ts'
import { createUpgradeCommand } from './commands/upgrade.ts'
import { createWorkerCommand } from './commands/worker.ts'
import { defaults } from './config.ts'
import { databaseUrl } from './database-url.ts'
import type { CommandIo, ProcessIo } from './io.ts'
import { runnerOf, withRunner } from './runner.ts'

/**
 * Runs the command `rowhouse`. It never calls `process.exit()`, which would drop output that a pipe has not read yet.
 *
 * @param parameters the command line without the name of the program
 * @returns the exit code: 0 for success, 1 when a report has findings, 2 when the command could not run
 * @example
 * await runRowhouse(['check', '--json'], { env: process.env, cwd: process.cwd(), stdout, stderr })
 */
export async function runRowhouse(parameters: string[], io: ProcessIo): Promise<number> {
  return await runProgram(createProgram, parameters, io)
}

/** Runs a program of commands. */
export async function runProgram(
  create: (io: CommandIo) => Command,
  parameters: string[],
  io: ProcessIo,
): Promise<number> {
  const run: CommandIo = { ...io, exitCode: 0, secretFiles: {}, runner: runnerOf(io.env) }
  try {
    const program = create(run).hook('preAction', () => readSecrets(run)) // --help needs none
    await program.parseAsync(parameters, { from: 'user' })
    return run.exitCode
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2 // commander has written its message
    io.stderr.write(`${withRunner(describeStartProblem(error), run.runner)}\n`)
    return 2
  }
}

/** @throws OperatorError with a line for each file that cannot be read, or with a file that holds no URL of a database */
function readSecrets(run: CommandIo): void {
  const { environment, paths, names, problems } = readSecretFiles(run.env, commandSecrets)
  if (problems.length > 0) throw new OperatorError(problems.join('\n'))
  for (const [setting, name = setting] of Object.entries(names))
    if (setting.startsWith('DATABASE_')) databaseUrl(environment[setting] ?? '', name)
  run.env = environment
  run.secretFiles = paths
}

function createProgram(io: CommandIo): Command {
  const program = new Command(`${io.runner.run} rowhouse`)
    .description('Keep the tenants of a PostgreSQL database apart: write the row-level security, apply it, check it.')
    .version(project.version)
    .addHelpText(
      'after',
      `
In a new project, begin with "${io.runner.run} rowhouse init": it prints the next steps.
"${io.runner.run} rowhouse <command> --help" shows the options of a command and examples.

The file rowhouse.config.ts is optional. It sets what the flags of all commands set, and a flag overrides it. With the
defaults, of which drizzle.config.ts may set the schema, the casing and the folder of migrations:

  import { defineConfig } from 'rowhouse/config'
  export default defineConfig({
    schema: '${defaults.schema}', // the module that exports the Drizzle tables
    tenantColumn: '${defaults.tenantColumn}', // the column that holds the tenant id
    tenantId: '${defaults.tenantId}', // or 'text' or 'bigint': the type of tenant ids
    casing: undefined, // 'snake_case' or 'camelCase', as in drizzle.config.ts: the names of columns without one
    shared: [], // tables, sequences and functions that all tenants share: 'public.countries'
    unreachable: [], // relations that the serving role must not reach: 'auth.sessions'
    tables: undefined, // the tables with an audit trail or a trash: { users: { audit: { redact: ['email'] }, trash: true } }
    sql: '${defaults.sql}', // the folder of hand-written SQL files
    migrations: '${defaults.migrations}', // the folder of Drizzle migrations
    features: undefined, // the folder of features, where "rowhouse add" does not find it
    app: undefined, // the module of the app, likewise
    tests: undefined, // the folder of tests, likewise
  })

A variable with a secret, such as DATABASE_URL, can be a file: DATABASE_URL_FILE=/run/secrets/database_url.

Exit codes: 0 success, 1 the report has findings, 2 the command could not run.`,
    )
  withOutput(program, io)
  for (const createCommand of [
    createInitCommand,
    createAddCommand,
    createCheckCommand,
    createDoctorCommand,
    createMigrateCommand,
    createUpgradeCommand,
    createTenantCommand,
    createUndoCommand,
    createWorkerCommand,
    createAuditCommand,
    createPurgeCommand,
    createIssuerCommand,
  ]) {
    const command = createCommand(io)
    program.addCommand(command.copyInheritedSettings(program))
    for (const inner of command.commands) inner.copyInheritedSettings(command)
  }
  return program
}

/** Lets a program write to the streams of its caller, and throw instead of ending the process. */
export const withOutput = <Program extends Command>(program: Program, io: CommandIo): Program => {
  program
    .exitOverride()
    .showHelpAfterError('Run the command with --help to see its options.')
    .configureOutput({
      writeOut: (text) => void io.stdout.write(text),
      writeErr: (text) => void io.stderr.write(escapedLines(text)),
      getOutHelpWidth: () => io.stdout.columns ?? 80,
      getErrHelpWidth: () => io.stderr.columns ?? 80,
    })
  return program
}
