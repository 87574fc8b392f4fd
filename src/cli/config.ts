import { existsSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { z } from 'zod'
import { OperatorError } from '../errors/index.ts'
import type { RowhouseOptions } from './define-config.ts'

const file = 'rowhouse.config.ts'
// The form that format('%I') of PostgreSQL returns: names of the catalogue are compared with it.
const identifier = '([a-z_][a-z0-9_]*|"([^"]|"")+")'
const qualified = new RegExp(`^${identifier}\\.${identifier}$`, 'u')

/** The fields that neither `rowhouse.config.ts` nor a flag sets. */
export const defaults = {
  schema: './db/schema/index.ts',
  tenantColumn: 'tenant_id',
  sql: './sql',
  migrations: './drizzle',
} as const

const path = z.string().min(1, 'must not be empty')
const sharedName = z.string().regex(qualified, {
  error: ({ input }) =>
    `${JSON.stringify(input)} must be schema.name as SQL writes it: public.countries, "odd.name"."Order"`,
})
const columnLength = 'must have 1 to 63 characters'

const schema = z.strictObject({
  schema: path.default(defaults.schema),
  tenantColumn: z.string().min(1, columnLength).max(63, columnLength).default(defaults.tenantColumn),
  casing: z.enum(['snake_case', 'camelCase']).optional(),
  shared: z.array(sharedName).default([]),
  sql: path.default(defaults.sql),
  migrations: path.default(defaults.migrations),
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
  if (!result.success) {
    const lines = result.error.issues.map((issue) => line(issue, given))
    throw new OperatorError(`Invalid configuration:\n${lines.join('\n')}`)
  }
  const { schema: tables, sql, migrations, ...rest } = result.data
  const at = (path: string) => resolve(folder, path)
  return Object.freeze({
    casing: undefined,
    ...rest,
    folder,
    schema: at(tables),
    sql: at(sql),
    migrations: at(migrations),
  })
}

/**
 * Rejects a project without its folders. The default folder of the migrations may be missing: it does not exist before the
 * first migration.
 *
 * @throws OperatorError with the folder
 */
export function requireFolders({ folder, sql, migrations }: RowhouseConfig): void {
  const missing = (path: string, writer: string) =>
    new OperatorError(`The folder ${relative(folder, path)} does not exist: "${writer}" writes it.`)
  if (!existsSync(sql)) throw missing(sql, 'rowhouse init')
  if (!existsSync(migrations) && migrations !== resolve(folder, defaults.migrations))
    throw missing(migrations, 'drizzle-kit generate')
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

/** A problem with the name of its flag or of its field in the file. */
function line({ path, message }: z.core.$ZodIssue, flags: object): string {
  const [field = ''] = path.map(String)
  const name = field in flags ? flagOf(field) : path.join('.')
  return `  - ${[name, message].filter(Boolean).join(': ')}`
}

const flagOf = (field: string): string => `--${field.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`
