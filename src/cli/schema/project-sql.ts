import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { RowhouseConfig } from '../config.ts'

/** The hand-written SQL and the migrations of a project, in any order. A missing folder counts as empty. */
export async function readProjectSql({ sql, migrations }: RowhouseConfig): Promise<string> {
  const texts = [sql, migrations].map(async (folder) => {
    const files = (await readdir(folder).catch(() => [])).filter((name) => name.endsWith('.sql'))
    return await Promise.all(files.map((name) => readFile(join(folder, name), 'utf8')))
  })
  return (await Promise.all(texts)).flat().join('\n')
}

/** The names of the extensions that a SQL text creates. */
export const extensionsOf = (text: string): string[] =>
  [...text.matchAll(/create extension (?:if not exists )?"?([\w-]+)/gi)].map(([, name = '']) => name)
