import { existsSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import { z } from 'zod'
import { OperatorError } from '../errors/index.ts'
import { spellings } from '../text/index.ts'
import type { RowhouseOptions } from './define-config.ts'
import { readDrizzleConfig } from './drizzle-config.ts'
import { loadModule } from './load-module.ts'

const files = ['rowhouse.config.ts', 'rowhouse.config.js', 'rowhouse.config.mjs']
// The form that format('%I') of PostgreSQL returns: names of the catalogue are compared with it.
const identifier = '([a-z_][a-z0-9_]*|"([^"]|"")+")'
const qualified = new RegExp(`^${identifier}\\.${identifier}$`, 'u')

/** The fields that neither a flag nor `rowhouse.config.ts` nor `drizzle.config.ts` sets. */
export const defaults = {
  schema: './db/schema/index.ts',
  tenantColumn: 'tenant_id',
  tenantId: 'uuid',
  sql: './sql',
  migrations: './drizzle',
} as const

const path = z.string().min(1, 'must not be empty')
const sharedName = z.string().regex(qualified, {
  error: ({ input }) =>
    `${JSON.stringify(input)} must be schema.name as SQL writes it: public.countries, "odd.name"."Order"`,
})
const columns = z.array(z.string().min(1, 'must not be empty'), 'must be a list of columns').default([])
const table = z.strictObject(
  {
    audit: z
      .union(
        [z.boolean(), z.strictObject({ redact: columns, ignore: columns })],
        'must be true, false or { redact: […], ignore: […] }, both with names of columns',
      )
      .optional(),
    trash: z.boolean('must be true or false').optional(),
  },
  { error: ({ code }) => (code === 'invalid_type' ? 'must be { audit: …, trash: … }' : undefined) },
)
const columnLength = 'must have 1 to 63 characters'

const schema = z.strictObject({
  schema: z.union([path, z.array(path).min(1)], 'must be a path, or a list of paths').default(defaults.schema),
  tenantColumn: z.string().min(1, columnLength).max(63, columnLength).default(defaults.tenantColumn),
  tenantId: z.enum(['uuid', 'text', 'bigint'], 'must be uuid, text or bigint').default(defaults.tenantId),
  casing: z.enum(['snake_case', 'camelCase']).optional(),
  shared: z.array(sharedName).default([]),
  unreachable: z.array(sharedName).default([]),
  tables: z.record(z.string(), table, 'must be an object with a field for each table').optional(),
  sql: path.default(defaults.sql),
  migrations: path.default(defaults.migrations),
  features: path.optional(),
  app: path.optional(),
  tests: path.optional(),
})

/** The configuration of a project with its defaults filled in and absolute paths. */
export type RowhouseConfig = Readonly<
  Omit<z.infer<typeof schema>, 'schema'> & {
    /** The folder of the project. */
    folder: string
    /** Modules, folders of modules, and patterns of them, as drizzle-kit understands them. */
    schema: string[]
  }
>

/**
 * Reads the configuration of a project: flags, then `rowhouse.config.ts`, then what `drizzle.config.ts` says of the schema, the folder
 * of migrations and the casing. Both files are optional.
 *
 * @param flags fields from the command line; undefined fields are ignored
 * @param folder the folder of the project
 * @throws OperatorError with every problem of the configuration
 * @example
 * const { shared, tenantColumn } = await loadRowhouseConfig({}, process.cwd())
 */
export async function loadRowhouseConfig(flags: Flags, folder: string): Promise<RowhouseConfig> {
  const given = withoutUndefined(flags)
  const { schema: drizzleSchema, out, casing } = await readDrizzleConfig(folder)
  const fromDrizzle = withoutUndefined({ schema: drizzleSchema, migrations: out, casing })
  const result = schema.safeParse({ ...fromDrizzle, ...(await read(folder)), ...given })
  if (!result.success) {
    const lines = result.error.issues.map((issue) => line(issue, given))
    throw new OperatorError(`Invalid configuration:\n${lines.join('\n')}`)
  }
  const unreachable = result.data.unreachable.flatMap(spellings)
  const double = result.data.shared.find((name) => spellings(name).some((one) => unreachable.includes(one)))
  if (double !== undefined)
    throw new OperatorError(
      `Invalid configuration:\n  - ${double} is in shared and in unreachable: remove it from one of them`,
    )
  const { schema: tables, sql, migrations, features, app, tests, ...rest } = result.data
  const at = (path: string) => resolve(folder, path)
  const maybe = (path: string | undefined) => (path === undefined ? undefined : at(path))
  return Object.freeze({
    casing: undefined,
    tables: undefined,
    ...rest,
    folder,
    schema: [tables].flat().map(at),
    sql: at(sql),
    migrations: at(migrations),
    features: maybe(features),
    app: maybe(app),
    tests: maybe(tests),
  })
}

const withoutUndefined = (fields: object): object =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined))

/**
 * Rejects a project without its folders. The default folder of the migrations may be missing: it does not exist before the
 * first migration.
 *
 * @throws OperatorError with the folder
 */
export function requireFolders(project: RowhouseConfig): void {
  const { folder, migrations } = project
  requireSqlFolder(project)
  if (!existsSync(migrations) && migrations !== resolve(folder, defaults.migrations))
    throw missing(folder, migrations, 'drizzle-kit generate')
}

/**
 * Rejects a project without its folder of SQL files.
 *
 * @throws OperatorError with the folder
 */
export function requireSqlFolder({ folder, sql }: RowhouseConfig): void {
  if (!existsSync(sql)) throw missing(folder, sql, 'rowhouse init')
}

const missing = (folder: string, path: string, writer: string): OperatorError =>
  new OperatorError(`The folder ${relative(folder, path)} does not exist: "${writer}" writes it.`)

/** Fields of the configuration that the command line sets. */
export type Flags = { [Field in keyof RowhouseOptions]: RowhouseOptions[Field] | undefined }

async function read(folder: string): Promise<object> {
  const file = configFile(folder)
  if (file === undefined) return {}
  const module = await loadModule(join(folder, file), folder)
  const options = z.object({ default: z.looseObject({}) }).safeParse(module)
  if (!options.success)
    throw new OperatorError(`${file} must have a default export: export default defineConfig({ … })`)
  return options.data.default
}

/** The configuration file of a project, if it has one. */
export const configFile = (folder: string): string | undefined => files.find((name) => existsSync(join(folder, name)))

/** A problem with the name of its flag or of its field in the file. */
function line({ path, message }: z.core.$ZodIssue, flags: object): string {
  const [field = ''] = path.map(String)
  const name = field in flags ? flagOf(field) : path.join('.')
  return `  - ${[name, message].filter(Boolean).join(': ')}`
}

const flagOf = (field: string): string => `--${field.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`
