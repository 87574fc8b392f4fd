import { type Column, getTableColumns, type UpdateSet } from 'drizzle-orm'
import { CasingCache } from 'drizzle-orm/casing'
import type { PgDialectConfig, PgTable } from 'drizzle-orm/pg-core'
import { ApiError } from '../errors/index.ts'
import { nothingToChange } from '../errors/internal.ts'
import { ExactDialect } from './exact-dialect.ts'

// tenancy.protect() grants no UPDATE of these. PostgreSQL's refusal names no column, so it could not be told from a missing grant.
const writtenOnce = ['tenant_id', 'id', 'created_at']

/**
 * The SQL dialect of tenant transactions. A change of a tenant table that a request can cause, because its handler passes the
 * body on, and that PostgreSQL would refuse as if the service had a fault, fails before it is sent.
 */
export class TenantDialect extends ExactDialect {
  private readonly names: CasingCache

  constructor(config: PgDialectConfig, isForPrepared = false) {
    super(config, isForPrepared)
    this.names = new CasingCache(config.casing)
  }

  /** @throws ApiError VALIDATION_FAILED for a change of `tenant_id`, `id` or `created_at`, and for a change of nothing */
  override buildUpdateSet(table: PgTable, set: UpdateSet) {
    const columns = Object.entries(getTableColumns(table))
    const nameOf = (column: Column) => this.names.getColumnCasing(column)
    if (columns.some(([, column]) => nameOf(column) === 'tenant_id')) {
      const changed = columns.filter(([key]) => set[key] !== undefined)
      const refused = changed.filter(([, column]) => writtenOnce.includes(nameOf(column)))
      const details = refused.map(([path]) => ({ path, code: 'read_only', message: 'Cannot be changed' }))
      if (details.length > 0) throw new ApiError('VALIDATION_FAILED', undefined, { details })
      if (changed.length === 0) throw nothingToChange()
    }
    return super.buildUpdateSet(table, set)
  }
}
