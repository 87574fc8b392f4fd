#!/usr/bin/env bun
import { Command, CommanderError } from '@commander-js/extra-typings'
import project from '../../package.json' with { type: 'json' }
import { describeStartProblem } from '../service/start-problem.ts'
import { checkCommand } from './commands/check.ts'
import { doctorCommand } from './commands/doctor.ts'
import { initCommand } from './commands/init.ts'
import { issuerCommand } from './commands/issuer.ts'
import { migrateCommand } from './commands/migrate.ts'
import { seedCommand } from './commands/seed.ts'
import { tenantCommand } from './commands/tenant.ts'

// `rowhouse`: 0 all is well, 1 something was found, 2 it could not run. Nothing calls process.exit(), which would cut off
// what a pipe has not taken yet: a command sets process.exitCode.

const program = new Command('rowhouse')
  .description('Walls between the tenants of a PostgreSQL database: build them, check them, look for holes in them.')
  .version(project.version)
  .exitOverride()
  .showHelpAfterError('Add --help for what it takes.')

for (const command of [
  initCommand,
  checkCommand,
  doctorCommand,
  migrateCommand,
  seedCommand,
  tenantCommand,
  issuerCommand,
]) {
  program.addCommand(command.copyInheritedSettings(program))
  for (const inner of command.commands) inner.copyInheritedSettings(command)
}

// Who reads no further, as `| head` does, has what they wanted: the exit code still says what was found.
for (const output of [process.stdout, process.stderr])
  output.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
  })

try {
  await program.parseAsync()
} catch (error) {
  const isHelp = error instanceof CommanderError && error.exitCode === 0
  if (!isHelp) process.exitCode = 2
  if (!(error instanceof CommanderError)) process.stderr.write(`${describeStartProblem(error)}\n`)
}
