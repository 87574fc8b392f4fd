/** What `rowhouse.config.ts` may say. Paths are relative to that file; each field has a flag that wins over it. */
export interface RowhouseOptions {
  /** The module that exports the Drizzle tables; './db/schema/index.ts' when left out. */
  schema?: string
  /** The uuid column that says whose a row is; 'tenant_id' when left out. */
  tenantColumn?: string
  /**
   * Relations, sequences and functions that tenants may share, as SQL writes them: `public.countries`, `"odd.name"."Order"`.
   * None when left out.
   */
  shared?: string[]
  /** The folder of the hand-written SQL; './sql' when left out. */
  sql?: string
  /** The folder of Drizzle's migrations; './drizzle' when left out. */
  migrations?: string
}

/**
 * Gives `rowhouse.config.ts` its types.
 *
 * @example
 * export default defineConfig({ schema: './src/schema.ts', shared: ['public.countries'] })
 */
export const defineConfig = (options: RowhouseOptions): RowhouseOptions => options
