import { is } from 'drizzle-orm'
import { IndexedColumn } from 'drizzle-orm/pg-core'
import type { TenantIdType } from '../../context/index.ts'
import type { Finding } from '../../isolation/index.ts'
import type { SchemaTable } from './read-schema.ts'
import { referenceFindings } from './reference-findings.ts'
import { tenantBuilderCode, tenantColumnsCode, tenantSqlType } from './tenant-column-code.ts'

/**
 * Problems of a Drizzle schema that generated SQL cannot fix. The remedy of a finding is a line for the schema. The check
 * ids are those of the doctor.
 *
 * @param tenantColumn the name of the tenant column, for the remedy of a table without one
 * @param type the type of tenant ids
 */
export function inspectSchema(tables: SchemaTable[], tenantColumn: string, type: TenantIdType): Finding[] {
  return tables
    .filter(({ isUnreachable }) => !isUnreachable)
    .flatMap((table) => [
      ...(table.tenant
        ? [...tenantColumnOf(table, type), ...keysOf(table), ...sequencesOf(table), ...identitiesOf(table)]
        : missingTenantColumn(table, tenantColumn, type)),
      ...referenceFindings(table, tables),
    ])
}

function missingTenantColumn({ label, isShared }: SchemaTable, tenantColumn: string, type: TenantIdType): Finding[] {
  if (isShared) return []
  const problem = `it has no column ${tenantColumn}, and is neither shared nor unreachable: the serving role cannot read it`
  const column =
    tenantColumn === 'tenant_id' ? tenantColumnsCode(type) : `tenantId: ${tenantBuilderCode(tenantColumn, type)}`
  const list = `[${JSON.stringify(label)}],`
  const remedy = `${column} or, in rowhouse.config.ts, shared: ${list} if all tenants may read it, unreachable: ${list} if none may`
  return [{ level: 'warning', check: 'no-tenant-column', guarantee: 12, object: label, problem, remedy }]
}

function tenantColumnOf({ label, tenant, keys }: SchemaTable, wanted: TenantIdType): Finding[] {
  if (!tenant) return []
  const remedy =
    tenant.name === 'tenant_id' && wanted !== 'uuid'
      ? tenantColumnsCode(wanted)
      : `${keys.get(tenant.name)}: ${tenantBuilderCode(tenant.name, wanted)}`
  const type = tenant.getSQLType()
  const found = (check: string, problem: string): Finding => ({
    level: 'error',
    check,
    guarantee: 12,
    object: label,
    problem,
    remedy,
  })
  return [
    ...(isSameType(type, wanted)
      ? []
      : [found('tenant-type', `its tenant column is ${type}, not ${tenantSqlType(wanted)}`)]),
    ...(tenant.notNull ? [] : [found('tenant-not-null', 'its tenant column may be null')]),
  ]
}

function keysOf(table: SchemaTable): Finding[] {
  const { label, tenant, keys, columns, primaryKeys, uniqueConstraints, indexes } = table
  const first = tenant?.name ?? ''
  const list = (names: (string | undefined)[]) =>
    [first, ...names.filter((name) => name !== first)]
      .map((name) => (name ? `t.${keys.get(name)}` : 'sql`…`'))
      .join(', ')
  const found = (problem: string, remedy: string): Finding => ({
    level: 'error',
    check: 'key-without-tenant',
    guarantee: 13,
    object: label,
    problem: `${problem} does not begin with ${first}`,
    remedy,
  })
  const findings: Finding[] = []
  const primary = [...primaryKeys.map((key) => key.columns), columns.filter((column) => column.primary)]
  for (const names of primary.map((key) => key.map(({ name }) => name)))
    if (names.length > 0 && names[0] !== first)
      findings.push(found(`primary key (${names.join(', ')})`, `primaryKey({ columns: [${list(names)}] }),`))
  const unique = [
    ...uniqueConstraints.map((key) => key.columns),
    ...columns.filter(({ isUnique }) => isUnique).map((column) => [column]),
  ]
  for (const names of unique.map((key) => key.map(({ name }) => name)))
    if (names[0] !== first) findings.push(found(`unique key (${names.join(', ')})`, `unique().on(${list(names)}),`))
  for (const { config } of indexes.filter(({ config }) => config.unique)) {
    const names = config.columns.map((column) => (is(column, IndexedColumn) ? column.name : undefined))
    if (names[0] !== first)
      findings.push(
        found(`unique index ${config.name ?? ''}`, `uniqueIndex(${quoted(config.name)}).on(${list(names)}),`),
      )
  }
  return findings
}

/** The default of a serial calls nextval() as the inserting role, which has no privilege on the sequence. */
function sequencesOf({ label, columns, keys }: SchemaTable): Finding[] {
  return columns
    .filter((column) => column.getSQLType().endsWith('serial'))
    .map(({ name }) => ({
      level: 'warning',
      check: 'serial',
      guarantee: 12,
      object: label,
      problem: `its serial ${name} needs a sequence that the serving role may not use: an insert fails`,
      remedy: uuidOf(name, keys),
    }))
}

/** An identity needs no privilege on its sequence, so inserts work, but the numbers show the growth of all tenants. */
function identitiesOf({ label, columns, keys }: SchemaTable): Finding[] {
  return columns
    .filter(({ generatedIdentity }) => generatedIdentity)
    .map(({ name }) => ({
      level: 'warning',
      check: 'identity-column',
      guarantee: 1,
      object: label,
      problem: `its column ${name} numbers the rows of all tenants in one sequence: the numbers show how much the others write`,
      remedy: uuidOf(name, keys),
    }))
}

const uuidOf = (name: string, keys: Map<string, string>): string =>
  `${keys.get(name)}: uuid('${name}').notNull().default(sql\`tenancy.uuid_v7()\`),`

const isSameType = (type: string, wanted: TenantIdType): boolean =>
  type.toLowerCase() === tenantSqlType(wanted).toLowerCase()

const quoted = (name: string | undefined): string => (name === undefined ? '' : `'${name}'`)
