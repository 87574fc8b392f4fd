import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { z } from 'zod'
import { OperatorError } from '../errors/index.ts'
import type { RowhouseOptions } from './define-config.ts'

const file = 'rowhouse.config.ts'
// The form that format('%I') of PostgreSQL returns: names of the catalogue are compared with it.
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

/** The configuration of a project with its defaults filled in and absolute paths. */
export type RowhouseConfig = Readonly<z.infer<typeof schema> & { /** The folder of the project. */ folder: string }>

/**
 * Reads `rowhouse.config.ts`, which is optional, and lets flags override it.
 *
 * @param flags fields from the command line; undefined fields are ignored
 * @param folder the folder of the project
 * @throws OperatorError with every problem of the configuration
 * @example
 * const { shared, tenantColumn } = await loadRowhouseConfig({}, process.cwd())
 */
export async function loadRowhouseConfig(flags: Flags, folder: string): Promise<RowhouseConfig> {
  const given = Object.fromEntries(Object.entries(flags).filter(([, value]) => value !== undefined))
  const result = schema.safeParse({ ...(await read(join(folder, file))), ...given })
  if (!result.success) throw new OperatorError(`Invalid configuration:\n${result.error.issues.map(line).join('\n')}`)
  const { schema: tables, sql, migrations, ...rest } = result.data
  const at = (path: string) => resolve(folder, path)
  return Object.freeze({ ...rest, folder, schema: at(tables), sql: at(sql), migrations: at(migrations) })
}

/** Fields of the configuration that the command line sets. */
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
