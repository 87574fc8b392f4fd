/** What the database keeps of the rows of one table. */
export interface TableOptions {
  /**
   * Whether the audit trail gets an entry for each change of a row, or how it does. `false` says that it shall not, where a table of the same
   * aggregate has one: the check `write-differs` then reports nothing.
   * @default no audit trail
   */
  audit?: boolean | AuditOptions
  /**
   * Whether deleted rows go to the trash, from which they can be restored. `false` says that they shall not, as for `audit`.
   * @default no trash
   */
  trash?: boolean
}

/** How the audit trail records the changes of a table. Columns have the names of the database. */
export interface AuditOptions {
  /**
   * Columns whose values the trail never holds: an entry says only that they changed.
   * @default []
   */
  redact?: string[]
  /**
   * Columns that make no entry when nothing else changed, in addition to `updated_at`.
   * @default []
   */
  ignore?: string[]
}

/** The fields of `rowhouse.config.ts`. Paths are relative to that file. Each field has a flag, which overrides it. */
export interface RowhouseOptions {
  /**
   * The modules that export the Drizzle tables: a path, a folder or a pattern, or a list of them.
   * @default the schema of drizzle.config.ts, else './db/schema/index.ts'
   */
  schema?: string | string[]
  /**
   * The column that holds the tenant id of a row.
   * @default 'tenant_id'
   */
  tenantColumn?: string
  /**
   * The type of tenant ids. The first migration of a database decides it, and later ones refuse another type. Give
   * `tenantColumns()`, `tenant()` and `createTenantDatabase()` the same one.
   * @default 'uuid'
   */
  tenantId?: 'uuid' | 'text' | 'bigint'
  /**
   * How Drizzle names columns without a name of their own: the `casing` of `createTenantDatabase` and of drizzle.config.ts.
   * @default the casing of drizzle.config.ts, else as in the code
   */
  casing?: 'snake_case' | 'camelCase' | undefined
  /**
   * Relations, sequences and functions that all tenants may use, as SQL writes them: `public.countries`,
   * `"odd.name"."Order"`.
   * @default []
   */
  shared?: string[]
  /**
   * Relations that the serving role must not reach, such as the sessions of an authentication library, as SQL writes them:
   * `auth.sessions`. They need no tenant column.
   * @default []
   */
  unreachable?: string[]
  /**
   * The protected tables with an audit trail or a trash, by their names as SQL writes them: `users`, `crm.members`, `"odd.name"."Order"`.
   * A name without a schema is one of `public`. With this field, "rowhouse migrate" stops those of every other table; `{}` stops all.
   * @default "rowhouse migrate" starts and stops none
   * @example
   * tables: { users: { audit: { redact: ['email'], ignore: ['last_seen_at'] }, trash: true } }
   */
  tables?: Record<string, TableOptions> | undefined
  /**
   * The folder of hand-written SQL files.
   * @default './sql'
   */
  sql?: string
  /**
   * The folder of Drizzle migrations.
   * @default the folder `out` of drizzle.config.ts, else './drizzle'
   */
  migrations?: string
  /**
   * The folder in which `rowhouse add` writes a folder for each resource.
   * @default 'features' or 'modules' of 'src' or of the project, which of them exists
   */
  features?: string | undefined
  /**
   * The module of the app in which `rowhouse add` registers routes.
   * @default 'app.ts', 'server.ts', 'index.ts' or 'main.ts' of 'src' or of the project, which of them exists
   */
  app?: string | undefined
  /**
   * The folder in which `rowhouse add` and `rowhouse init` write tests.
   * @default 'test' or 'tests', which of them exists
   */
  tests?: string | undefined
}

/**
 * Types the options of `rowhouse.config.ts`.
 *
 * @example
 * export default defineConfig({ schema: './src/schema.ts', shared: ['public.countries'] })
 */
export const defineConfig = (options: RowhouseOptions): RowhouseOptions => options
