import { relative } from 'node:path'
import { Command } from '@commander-js/extra-typings'
import manifest from '../../../package.json' with { type: 'json' }
import { sqlVersion } from '../../isolation/index.ts'
import { readSqlVersion } from '../../migrate/index.ts'
import { loadRowhouseConfig, type RowhouseConfig, requireSqlFolder } from '../config.ts'
import { type CommandIo, print } from '../io.ts'
import { withSchema } from '../options.ts'
import { changes, outcomeOf, save, type WrittenFile } from '../output/written-file.ts'
import { readSchema } from '../schema/read-schema.ts'
import { writtenFiles } from '../schema/written-files.ts'

export const createUpgradeCommand = (io: CommandIo) =>
  withSchema(
    new Command('upgrade')
      .description('Bring the SQL files that "rowhouse init" wrote to this release, and show what you changed in them.')
      .option('--check', 'write nothing, and exit with 1 when a file is not that of this release'),
  )
    .addHelpText(
      'after',
      `
Compares each file of the SQL folder that Rowhouse ships or generates with the one of this release. A missing file is written, and
one that nobody edited is updated. An edited file stays as it is: the command prints the difference, and exits with 1. It connects to no
database. Give it the options that you give to "rowhouse init". docs/upgrading.md explains the rest.

Examples:
  ${io.runner.run} rowhouse upgrade
  ${io.runner.run} rowhouse upgrade --check`,
    )
    .action(async ({ check = false, ...flags }) => {
      const project = await loadRowhouseConfig(flags, io.cwd)
      requireSqlFolder(project)
      const before = await readSqlVersion(project.sql)
      const files = await writtenFiles(project, await readSchema(project))
      const [edited, changed] = [files.filter(isEdited), files.filter(({ state }) => isWritten[state])]
      if (!check) for (const file of changed) await save(file)
      const name = relative(project.folder, project.sql)
      if (before < sqlVersion)
        print(
          io,
          `${name} has version ${before} of the SQL, and rowhouse ${manifest.version} brings version ${sqlVersion}.`,
        )
      print(io, files.flatMap((file) => describeFile(file, project, check)).join('\n'))
      if (edited.length > 0) print(io, `\n${forEdited}`)
      if (changed.length > 0 && !check) print(io, `\n${nextSteps(io, name)}`)
      io.exitCode = edited.length > 0 || (check && changed.length > 0) ? 1 : 0
    })

const isWritten = { new: true, outdated: true, same: false, edited: false }
const isEdited = ({ state }: WrittenFile): boolean => state === 'edited'

function describeFile(file: WrittenFile, { folder }: RowhouseConfig, check: boolean): string[] {
  const isShown = isEdited(file) || (check && file.state === 'outdated')
  const difference = isEdited(file) ? '. The difference to the file of this release:' : ''
  return [
    `${relative(folder, file.path)} ${outcomeOf(file, check)}${difference}`,
    ...(isShown ? [changes(file, folder)] : []),
  ]
}

const forEdited = `Lines with - are yours, lines with + are those of this release. Take over what you need. SQL of your own has its place in a file
such as 50-own.sql: a file without edits is updated by the next release.`

const nextSteps = ({ runner: { run } }: CommandIo, sql: string): string => `Next steps:

  git diff ${sql}
  ${run} rowhouse check
  ${run} rowhouse migrate
  ${run} rowhouse doctor`
