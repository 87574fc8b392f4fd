import { relative } from 'node:path'
import { Argument, Command } from '@commander-js/extra-typings'
import { addResource } from '../add/add-resource.ts'
import { loadRowhouseConfig } from '../config.ts'
import { type CommandIo, print } from '../io.ts'
import { schemaOption, sqlOption, tenantColumnOption, tenantIdOption } from '../options.ts'
import { outcomeOf } from '../output/written-file.ts'

export const createAddCommand = (io: CommandIo) =>
  new Command('add')
    .description(
      'Add a resource: table, schemas, queries, routes and tests as code of the project, registered in the app.',
    )
    .addArgument(new Argument('<table>', 'the name of the table in snake_case, such as line_items'))
    .option('--columns <list>', 'the columns beside tenant, id and times, as name:type (default: "name:text")')
    .option('--singular <name>', 'the name of one row, where it is not the table without its plural ending')
    .addOption(schemaOption)
    .addOption(sqlOption)
    .addOption(tenantColumnOption)
    .addOption(tenantIdOption)
    .addHelpText(
      'after',
      `
Types: text (up to 200 characters), text(2000), integer, numeric(12, 2), boolean, uuid, date, timestamptz, jsonb, values such as
open|paid, and the name of a table: a column that refers to a row of it. "?" after a type lets the column be null.

The command overwrites no file. Run it again and it changes nothing. The code is yours: change it as you like. The fields features,
app and tests of rowhouse.config.ts name the folders and the module of the app, where the command does not find them.

Examples:
  ${io.runner.run} rowhouse add projects
  ${io.runner.run} rowhouse add invoices --columns "number:text(20), customerId:customers, dueAt:timestamptz?, status:open|paid"`,
    )
    .action(async (table, { columns, singular, ...flags }) => {
      const project = await loadRowhouseConfig(flags, io.cwd)
      const { files, sql, missing, reasons, resource } = await addResource(project, { table, columns, singular })
      const lines = files.map(({ path, outcome }) => `${relative(project.folder, path)} ${outcome}`)
      const written = sql.filter(({ state }) => state !== 'same')
      const sqlLines = written.map((file) => `${relative(project.folder, file.path)} ${outcomeOf(file)}`)
      print(io, [...lines, ...sqlLines].join('\n'))
      if (missing.length > 0) {
        const app = relative(project.folder, resource.layout.app)
        const why = `${app} has no place for these lines that the command knows, because ${reasons.join(', and ')}`
        print(io, `\n${why}. Add them:\n\n${missing.join('\n')}`)
        io.exitCode = 1
      }
      if (files.every(({ outcome }) => outcome === 'exists')) return
      print(io, `\n${nextSteps(io, table)}`)
    })

const nextSteps = ({ runner: { run } }: CommandIo, table: string): string => `Next steps:

  ${run} drizzle-kit generate --name ${table}
  ${run} rowhouse check
  ${run} rowhouse migrate

Then run the new test.`
