#!/usr/bin/env bun
import { Command, CommanderError } from '@commander-js/extra-typings'
import { describeStartProblem } from '../start-problem.ts'
import { checkCommand } from './check.ts'
import { doctorCommand } from './doctor.ts'
import { initCommand } from './init.ts'
import { migrateCommand } from './migrate.ts'
import { seedCommand } from './seed.ts'

// `rowhouse`: 0 all is well, 1 something was found, 2 it could not run. A command says 1 by setting process.exitCode.

const program = new Command('rowhouse')
  .description('Walls between the tenants of a PostgreSQL database: build them, check them, look for holes in them.')
  .exitOverride()
  .showHelpAfterError('Add --help for what it takes.')

for (const command of [initCommand, checkCommand, doctorCommand, migrateCommand, seedCommand])
  program.addCommand(command.copyInheritedSettings(program))

try {
  await program.parseAsync()
} catch (error) {
  if (!(error instanceof CommanderError)) process.stderr.write(`${describeStartProblem(error)}\n`)
  const isHelp = error instanceof CommanderError && error.exitCode === 0
  process.exit(isHelp ? 0 : 2)
}
