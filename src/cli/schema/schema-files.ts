import { existsSync, readdirSync, statSync } from 'node:fs'
import * as fs from 'node:fs/promises'
import { extname, join, relative } from 'node:path'
import { OperatorError } from '../../errors/index.ts'
import type { RowhouseConfig } from '../config.ts'

const isPattern = (path: string): boolean => /[*?{}[\]]/.test(path)

/** How the project names its schema, for a report: `db/schema/index.ts`. */
export const schemaName = ({ folder, schema }: RowhouseConfig): string =>
  schema.map((path) => relative(folder, path)).join(', ')

/** Whether the schema is one module, which does not exist yet. */
export const hasNoSchema = ({ schema: [path = '', ...others] }: RowhouseConfig): boolean =>
  others.length === 0 && !isPattern(path) && !existsSync(path)

/**
 * The modules of a project's Drizzle schema. A folder stands for the modules directly in it, as for drizzle-kit.
 *
 * @throws OperatorError for a path that does not exist and a pattern that matches nothing
 */
export async function schemaFiles({ folder, schema }: RowhouseConfig): Promise<string[]> {
  const found: string[] = []
  for (const path of schema) {
    const matches = isPattern(path) && !existsSync(path) ? await matching(path, relative(folder, path)) : [path]
    if (matches.length === 0 || !matches.every((match) => existsSync(match))) throw missing(relative(folder, path))
    found.push(...matches.flatMap((match) => (statSync(match).isDirectory() ? modulesIn(match) : [match])))
  }
  return [...new Set(found)]
}

const missing = (name: string) =>
  new OperatorError(
    `${name} does not exist: name the module of the Drizzle tables with --schema, in rowhouse.config.ts or in drizzle.config.ts, ` +
      'or write a module of Drizzle tables there',
  )

const isModule = (name: string): boolean =>
  ['.ts', '.mts', '.cts', '.js', '.mjs', '.cjs'].includes(extname(name)) && !name.endsWith('.d.ts')

const modulesIn = (folder: string): string[] =>
  readdirSync(folder)
    .filter(isModule)
    .map((name) => join(folder, name))

async function matching(pattern: string, name: string): Promise<string[]> {
  // Node 20 has no glob.
  if (!('glob' in fs))
    throw new OperatorError(
      `Node ${process.versions.node} cannot read the pattern ${name}: name a module or a folder, or use Node 22`,
    )
  const matches: string[] = []
  for await (const match of fs.glob(pattern)) matches.push(match)
  return matches.filter((match) => statSync(match).isDirectory() || isModule(match)).toSorted()
}
