import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { Command } from '@commander-js/extra-typings'
import { openInMemory } from '../../migrate/index.ts'
import { loadRowhouseConfig, requireFolders } from '../config.ts'
import type { CommandIo } from '../io.ts'
import { readLogin } from '../logins.ts'
import { optional } from '../optional.ts'
import { migrationsOption, withSchema } from '../options.ts'
import { report, withReport } from '../output/report.ts'
import { checkProject } from '../schema/check-project.ts'
import { extensionsOf, readProjectSql } from '../schema/project-sql.ts'
import { schemaName } from '../schema/schema-files.ts'

export const createCheckCommand = (io: CommandIo) =>
  withReport(
    withSchema(
      new Command('check').description(
        'Apply the SQL and the migrations to an in-memory database, and compare it with the Drizzle schema.',
      ),
    ).addOption(migrationsOption),
  )
    .addHelpText(
      'after',
      `
Checks row-level security, tables, columns, keys, policies and the tenant setting without a server, for example in a
pre-commit hook. DATABASE_URL, if it is set, names the serving role; nothing connects to it. The first run is slower: it stores an empty database in node_modules/.cache.

Examples:
  ${io.runner.run} rowhouse check
  ${io.runner.run} rowhouse check --schema src/schema.ts --format sarif > schema.sarif`,
    )
    .action(async ({ format, json, strict, ...flags }) => {
      const start = performance.now()
      const project = await loadRowhouseConfig(flags, io.cwd)
      requireFolders(project)
      const role = readLogin('DATABASE_URL', io.env.DATABASE_URL, 'app_user')?.role
      const modules = join(project.folder, 'node_modules')
      const cache = existsSync(modules) ? join(modules, '.cache/rowhouse') : undefined
      const extensions = extensionsOf(await readProjectSql(project))
      const database = await optional('@electric-sql/pglite', () => openInMemory(cache, extensions))
      try {
        const findings = await checkProject(project, database.url, role)
        const file = schemaName(project)
        const milliseconds = performance.now() - start
        io.exitCode = report(io, { subject: file, findings, milliseconds, file }, { format, json, strict })
      } finally {
        await database.close()
      }
    })
