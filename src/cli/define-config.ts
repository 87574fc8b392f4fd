/** The fields of `rowhouse.config.ts`. Paths are relative to that file. Each field has a flag, which overrides it. */
export interface RowhouseOptions {
  /**
   * The modules that export the Drizzle tables: a path, a folder or a pattern, or a list of them.
   * @default the schema of drizzle.config.ts, else './db/schema/index.ts'
   */
  schema?: string | string[]
  /**
   * The uuid column that holds the tenant id of a row.
   * @default 'tenant_id'
   */
  tenantColumn?: string
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
   * The folder of hand-written SQL files.
   * @default './sql'
   */
  sql?: string
  /**
   * The folder of Drizzle migrations.
   * @default the folder `out` of drizzle.config.ts, else './drizzle'
   */
  migrations?: string
}

/**
 * Types the options of `rowhouse.config.ts`.
 *
 * @example
 * export default defineConfig({ schema: './src/schema.ts', shared: ['public.countries'] })
 */
export const defineConfig = (options: RowhouseOptions): RowhouseOptions => options
