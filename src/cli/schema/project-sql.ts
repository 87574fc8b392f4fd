import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { RowhouseConfig } from '../config.ts'

/** All SQL of a project, hand-written and Drizzle's, in no order; a folder that is not there holds none. */
export async function readProjectSql({ sql, migrations }: RowhouseConfig): Promise<string> {
  const texts = [sql, migrations].map(async (folder) => {
    const files = (await readdir(folder).catch(() => [])).filter((name) => name.endsWith('.sql'))
    return await Promise.all(files.map((name) => readFile(join(folder, name), 'utf8')))
  })
  return (await Promise.all(texts)).flat().join('\n')
}

/** The extensions that some SQL creates. */
export const extensionsOf = (text: string): string[] =>
  [...text.matchAll(/create extension (?:if not exists )?"?([\w-]+)/gi)].map(([, name = '']) => name)
