import type { TenantIdType } from '../context/index.ts'

/** What is migrated, and what the isolation check at the end accepts. */
export interface MigratedProject {
  /**
   * The folder of hand-written SQL. Its files run in the order of their names: those before `40-` run before the Drizzle
   * migrations, the others after.
   * @default 'sql' in the working directory
   */
  sql?: string
  /**
   * The folder of the Drizzle migrations. A missing folder counts as empty.
   * @default 'drizzle' in the working directory
   */
  migrations?: string
  /**
   * Relations and functions that all tenants share, as `schema.name`.
   * @default []
   */
  shared?: string[]
  /**
   * Relations that the serving role must not reach, as `schema.name`.
   * @default []
   */
  unreachable?: string[]
  /** @default 'tenant_id' */
  tenantColumn?: string
  /** The type of tenant ids. The first migration of a database decides it. @default 'uuid' */
  tenantId?: TenantIdType | undefined
}

/** A project with the serving role of the database. */
export interface ServedProject extends MigratedProject {
  servingRole: string
}

/** What a run has applied so far. */
export interface Progress {
  /** The names of the new migrations. */
  applied: string[]
  /** Those that a later failure does not roll back. */
  permanent: string[]
}
