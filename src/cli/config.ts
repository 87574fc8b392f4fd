import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { z } from 'zod'
import { OperatorError } from '../errors/index.ts'
import type { RowhouseOptions } from './define-config.ts'

const file = 'rowhouse.config.ts'
// As PostgreSQL's %I writes it: that is what a name of the catalogue is compared with.
const identifier = '([a-z_][a-z0-9_]*|"([^"]|"")+")'
const qualified = new RegExp(`^${identifier}\\.${identifier}$`, 'u')

const schema = z.strictObject({
  schema: z.string().min(1).default('./db/schema/index.ts'),
  tenantColumn: z.string().min(1).max(63).default('tenant_id'),
  shared: z
    .array(z.string().regex(qualified, 'must be schema.name as SQL writes it: public.countries, "odd.name"."Order"'))
    .default([]),
  sql: z.string().min(1).default('./sql'),
  migrations: z.string().min(1).default('./drizzle'),
})

/** A project as the commands see it: every field there, every path absolute. */
export type RowhouseConfig = Readonly<z.infer<typeof schema> & { /** Where the config stands. */ folder: string }>

/**
 * Reads `rowhouse.config.ts`, which a project need not have, and puts flags over it.
 *
 * @param flags fields that were given on the command line; undefined ones do not count
 * @param folder where to look for it
 * @throws OperatorError with every problem at once
 * @example
 * const { shared, tenantColumn } = await loadRowhouseConfig()
 */
export async function loadRowhouseConfig(flags: Flags = {}, folder = process.cwd()): Promise<RowhouseConfig> {
  const given = Object.fromEntries(Object.entries(flags).filter(([, value]) => value !== undefined))
  const result = schema.safeParse({ ...(await read(join(folder, file))), ...given })
  if (!result.success)
    throw new OperatorError(`The configuration is not right:\n${result.error.issues.map(line).join('\n')}`)
  const { schema: tables, sql, migrations, ...rest } = result.data
  const at = (path: string) => resolve(folder, path)
  return Object.freeze({ ...rest, folder, schema: at(tables), sql: at(sql), migrations: at(migrations) })
}

/** Fields given on the command line. */
export type Flags = { [Field in keyof RowhouseOptions]: RowhouseOptions[Field] | undefined }

async function read(path: string): Promise<object> {
  if (!existsSync(path)) return {}
  let module: unknown
  try {
    module = await import(pathToFileURL(path).href)
  } catch (cause) {
    throw new OperatorError(`${file} cannot be loaded: ${cause instanceof Error ? cause.message : String(cause)}`)
  }
  const options = z.object({ default: z.looseObject({}) }).safeParse(module)
  if (!options.success)
    throw new OperatorError(`${file} must have a default export: export default defineConfig({ … })`)
  return options.data.default
}

const line = ({ path, message }: z.core.$ZodIssue): string =>
  `  - ${[path.join('.'), message].filter(Boolean).join(': ')}`
