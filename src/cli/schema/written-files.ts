import { join, relative } from 'node:path'
import manifest from '../../../package.json' with { type: 'json' }
import { OperatorError } from '../../errors/index.ts'
import { sqlVersion } from '../../isolation/index.ts'
import { protectedTablesFile, readSqlVersion, readText, shippedFiles } from '../../migrate/index.ts'
import type { RowhouseConfig } from '../config.ts'
import { protectedTablesSql } from '../output/protected-tables-sql.ts'
import { compareFile, type WrittenFile } from '../output/written-file.ts'
import { packageFolder } from '../package-folder.ts'
import type { SchemaTable } from './read-schema.ts'
import { readViews } from './read-views.ts'
import { recordedTables } from './recorded-tables.ts'

/**
 * The files of a project's SQL folder that `init` writes, compared with what is there.
 *
 * @throws OperatorError for files of a later release, before anything is written
 */
export const writtenFiles = async (project: RowhouseConfig, tables: SchemaTable[]): Promise<WrittenFile[]> => {
  await assertNotLater(project)
  const views = await readViews(project)
  return await Promise.all([
    ...shippedFiles.map(async (name) =>
      compareFile(join(project.sql, name), await readText(join(packageFolder(), 'sql', name))),
    ),
    compareFile(
      join(project.sql, protectedTablesFile),
      protectedTablesSql(tables, views, recordedTables(project, tables)),
    ),
  ])
}

/**
 * Refuses SQL files of a later release: this one would write its earlier files over them.
 *
 * @throws OperatorError
 */
export async function assertNotLater({ folder, sql }: RowhouseConfig): Promise<void> {
  const version = await readSqlVersion(sql)
  if (version <= sqlVersion) return
  throw new OperatorError(
    `${relative(folder, sql)} has version ${version} of the SQL, and rowhouse ${manifest.version} brings version ${sqlVersion}. ` +
      'Install the release that wrote the files, or a later one.',
  )
}
