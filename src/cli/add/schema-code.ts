import type { TenantIdType } from '../../context/index.ts'
import { tenantBuilderCode, tenantColumnsCode } from '../schema/tenant-column-code.ts'
import { fit, importLines } from './code.ts'
import type { Column } from './columns.ts'
import { camelCase } from './names.ts'
import { importOf, type Reference, type Resource, sortsByText, textIndexOf } from './resource.ts'

/** The module of the table. */
export function schemaCode(resource: Resource): string {
  const { names, columns, references, project, layout, paths } = resource
  const { tenantColumn, tenantId } = project
  const isUsual = tenantColumn === 'tenant_id'
  const checked = columns.filter(({ kind }) => kind.check)
  const texts = columns.filter((column) => sortsByText({}, column))
  const builders = [
    ...columns.map(({ kind }) => kind.builder),
    ...(references.length > 0 ? ['foreignKey'] : []),
    ...(checked.length > 0 ? ['check'] : []),
    ...['index', 'pgTable', 'primaryKey'],
    ...(isUsual ? [] : ['timestamp', 'uuid', ...(tenantId === 'uuid' ? [] : ['customType'])]),
  ]
  const imports = importLines([
    [checked.length > 0 || texts.length > 0 || !isUsual ? ['sql'] : [], 'drizzle-orm'],
    [builders, 'drizzle-orm/pg-core'],
    ...(isUsual ? layout.kit(paths.schema, ['tenantColumns']) : []),
    ...references.map(({ parent }) => importOf(resource, paths.schema, [parent.exportName], parent.file)),
  ])
  const tenant = camelCase(tenantColumn)
  return `${imports}

export const ${names.many} = pgTable(
  '${names.table}',
  {
${(isUsual ? [tenantColumnsCode(tenantId)] : ownColumns(tenantColumn, tenantId)).map((line) => `    ${line}`).join('\n')}
${columns.map((column) => `    ${column.key}: ${builderOf(column)},`).join('\n')}
  },
  (t) => [
    primaryKey({ name: '${names.table}_pkey', columns: [t.${tenant}, t.id] }),
${references.map((reference) => foreignKey(reference, tenant)).join('')}\
    // \`order by … desc\` sorts nulls first; an index in Drizzle's default order could not serve it.
${index(`${names.table}_${tenantColumn}_created_at_id_idx`, [`t.${tenant}`, 't.createdAt.desc().nullsFirst()', 't.id.desc().nullsFirst()'])}
${texts.length > 0 ? '    // Lists sort and filter text by its code points.\n' : ''}\
${texts.map((column) => `${index(textIndexOf(names, project, column), [`t.${tenant}`, `sql\`\${t.${column.key}} collate "C"\``, 't.id'])}\n`).join('')}\
${references.map(({ column }) => `${index(`${names.table}_${tenantColumn}_${column.name}_idx`, [`t.${tenant}`, `t.${column.key}`])}\n`).join('')}\
${checked.map((column) => `    ${checkOf(names.table, column)}\n`).join('')}\
  ],
).enableRLS()

export type ${names.One}Row = typeof ${names.many}.$inferSelect
`
}

function builderOf({ name, kind, isNullable }: Column): string {
  const parameters = [`'${name}'`, ...(kind.options ? [kind.options] : [])].join(', ')
  return `${kind.builder}(${parameters})${kind.method ?? ''}${isNullable ? '' : '.notNull()'}`
}

const ownColumns = (tenantColumn: string, tenantId: TenantIdType): string[] => [
  `${camelCase(tenantColumn)}: ${tenantBuilderCode(tenantColumn, tenantId)}`,
  "id: uuid('id').notNull().default(sql`tenancy.uuid_v7()`),",
  "createdAt: timestamp('created_at', { withTimezone: true, precision: 3 }).notNull().defaultNow(),",
  "updatedAt: timestamp('updated_at', { withTimezone: true, precision: 3 }).notNull().defaultNow(),",
]

function foreignKey({ column, parent, constraint }: Reference, tenant: string): string {
  const { exportName, keys } = parent
  const parentTenant = parent.tenant && keys.get(parent.tenant.name)
  const lines = [
    `name: '${constraint}',`,
    `columns: [${[...(parentTenant ? [`t.${tenant}`] : []), `t.${column.key}`].join(', ')}],`,
    `foreignColumns: [${[parentTenant, keys.get('id')].flatMap((key) => (key ? [`${exportName}.${key}`] : [])).join(', ')}],`,
  ]
  return `    foreignKey({\n${lines.map((line) => `      ${line}\n`).join('')}    }),\n`
}

const index = (name: string, parts: string[]): string => fit(`index('${name}').on(`, parts, '),', '    ')

const checkOf = (table: string, { key, name, kind }: Column): string =>
  `check('${table}_${name}_check', sql\`${kind.check?.(`\${t.${key}}`)}\`),`
