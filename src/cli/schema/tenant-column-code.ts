import type { TenantIdType } from '../../context/index.ts'

/** The SQL type of a tenant column, as a migration has it. */
export const tenantSqlType = (type: TenantIdType): string => (type === 'text' ? 'text collate "C"' : type)

/** The spread of the kit's columns in a schema. */
export const tenantColumnsCode = (type: TenantIdType): string =>
  type === 'uuid' ? '...tenantColumns(),' : `...tenantColumns({ tenantId: '${type}' }),`

/** The builder of a tenant column of another name. Drizzle's text() has no collation, and its bigint() is no string. */
export const tenantBuilderCode = (column: string, type: TenantIdType): string => {
  const builder =
    type === 'uuid'
      ? `uuid('${column}')`
      : `customType<{ data: string }>({ dataType: () => '${tenantSqlType(type)}' })('${column}')`
  return `${builder}.notNull().default(sql\`tenancy.current_tenant_id()\`),`
}
