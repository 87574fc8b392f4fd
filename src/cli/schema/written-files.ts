import { join } from 'node:path'
import { protectedTablesFile, readText, shippedFiles } from '../../migrate/index.ts'
import type { RowhouseConfig } from '../config.ts'
import { protectedTablesSql } from '../output/protected-tables-sql.ts'
import { compareFile, type WrittenFile } from '../output/written-file.ts'
import { packageFolder } from '../package-folder.ts'
import type { SchemaTable } from './read-schema.ts'
import { readViews } from './read-views.ts'

/** The files of a project's SQL folder that `init` writes, compared with what is there. */
export const writtenFiles = async (project: RowhouseConfig, tables: SchemaTable[]): Promise<WrittenFile[]> => {
  const views = await readViews(project)
  return await Promise.all([
    ...shippedFiles.map(async (name) =>
      compareFile(join(project.sql, name), await readText(join(packageFolder(), 'sql', name))),
    ),
    compareFile(join(project.sql, protectedTablesFile), protectedTablesSql(tables, views)),
  ])
}
