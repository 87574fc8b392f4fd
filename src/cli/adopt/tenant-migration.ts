import type { TenantIdType } from '../../context/index.ts'
import { breakpoint } from '../../migrate/index.ts'
import { comment, identifier } from '../output/sql-text.ts'
import type { SchemaTable } from '../schema/read-schema.ts'
import { tenantSqlType } from '../schema/tenant-column-code.ts'
import { keyStatements, nameOf } from './key-statements.ts'
import { findSources, type ParentSource, type TenantSource } from './tenant-sources.ts'

/** The migration that gives existing rows their tenant. */
export interface TenantMigration {
  /** Empty when there is nothing to change. */
  text: string
  /** What the user has to decide; the text has each at its place. */
  questions: string[]
}

/**
 * Writes the migration that gives the rows of a project their tenant: columns, rows, NOT NULL, keys.
 *
 * @param tables all tables of the schema, as they are before the change
 * @param options `tenant`: the name of the tenant column; `type`: that of tenant ids; `from`: the columns that hold the tenant's id, as `orders.org_id`
 * @throws OperatorError for a name in `from` that the schema does not have
 */
export function tenantMigration(
  tables: SchemaTable[],
  { tenant, type, from }: { tenant: string; type: TenantIdType; from: string[] },
): TenantMigration {
  const ours = tables.filter(({ isShared, isUnreachable }) => !isShared && !isUnreachable)
  const others = tables.filter((table) => !ours.includes(table))
  const { known, unknown, doubts } = findSources(ours, from, type)
  const changed = ours.filter((table) => !table.tenant?.notNull)
  const keys = keyStatements(ours, others, tenant)
  const column = identifier(tenant)
  const sections: Section[] = [
    {
      title:
        'The columns. ACCESS EXCLUSIVE on each table, until the end of the transaction: nobody else reads or writes it.',
      statements: changed
        .filter((table) => !table.tenant)
        .map((table) => `alter table ${nameOf(table)} add column ${column} ${tenantSqlType(type)};`),
    },
    {
      title:
        'Serials become identities: the service has no privilege on the sequence of a serial, and needs none for an identity.',
      statements: ours.flatMap((table) => serialsOf(table).flatMap((serial) => identityStatements(table, serial))),
    },
    {
      title: 'The rows, parents first. Each row is written anew.',
      questions: [...unknown.map(({ label }) => `whose are the rows of ${label}? ${answers}`), ...doubts],
      statements: [...known].flatMap(([table, source]) => backfill(table, source, column)),
    },
    {
      title: 'NOT NULL reads each table once. It fails where a row has no tenant.',
      statements: changed.map(
        (table) =>
          `alter table ${nameOf(table)} alter column ${column} set default tenancy.current_tenant_id(), alter column ${column} set not null;`,
      ),
    },
    {
      title: 'The keys begin with the tenant. Each builds an index, and each foreign key reads both tables.',
      questions: keys.questions,
      statements: keys.statements,
    },
  ]
  const questions = [
    ...unknown.map(({ label }) => `Whose are the rows of ${label}?`),
    ...doubts.map((doubt) => doubt.replace(/^d/, 'D')),
    ...keys.questions,
  ]
  return { text: textOf(sections), questions }
}

interface Section {
  title: string
  questions?: string[]
  statements: string[]
}

const answers =
  'No foreign key that is NOT NULL leads to a table whose tenant is known. Write an UPDATE that sets the column, or name a column ' +
  'with --tenant-from, or list the table as shared or unreachable. Without an answer the migration fails as soon as it has a row'

const about = `-- Gives existing rows their tenant. "rowhouse init --tenant-from" wrote it, and no command runs it before it is a migration.
-- It runs in one transaction: try it on a copy of the database, and see how long it takes. Where that is too long to lock the
-- tables, add the columns and fill them before, in migrations of their own and in batches.`

/** The text of the file. Comments belong to the statement below them. */
function textOf(sections: Section[]): string {
  if (sections.every(({ statements }) => statements.length === 0)) return ''
  let above = [about]
  const parts: string[] = []
  for (const { title, questions = [], statements } of sections) {
    if (questions.length + statements.length > 0) above.push('', `-- ${title}`)
    above.push(...questions.map((text) => `-- QUESTION: ${comment(text)}.`))
    for (const statement of statements) {
      parts.push([...above, statement].join('\n'))
      above = []
    }
  }
  return `${[parts.join(`\n${breakpoint}\n`), ...above].join('\n')}\n`
}

export const serialsOf = ({ columns }: SchemaTable): string[] =>
  columns.filter((column) => column.getSQLType().endsWith('serial')).map(({ name }) => name)

/** Its sequence goes on behind the largest number. Drizzle gives the new sequence the name of the old one, and so does PostgreSQL. */
function identityStatements(table: SchemaTable, serial: string): string[] {
  const column = identifier(serial)
  const sequence = `pg_get_serial_sequence(${literal(nameOf(table))}, ${literal(serial)})`
  return [
    `alter table ${nameOf(table)} alter column ${column} drop default;`,
    `do $$ begin execute concat('drop sequence ', ${sequence}); end $$;`,
    `alter table ${nameOf(table)} alter column ${column} add generated by default as identity;`,
    `select setval(${sequence}, coalesce(max(${column}), 0) + 1, false) from ${nameOf(table)};`,
  ]
}

const literal = (value: string): string => `'${value.replaceAll("'", "''")}'`

function backfill(table: SchemaTable, source: TenantSource, column: string): string[] {
  if (source.kind === 'present') return []
  // A row that has a tenant keeps it: where its parent has another one, the foreign key with the tenant fails.
  if (source.kind === 'parent') return [fromParent(table, source, column, table.tenant !== undefined)]
  const from = identifier(source.column.name)
  const only = table.tenant ? ` where ${column} is null` : ''
  return [
    ...(from === column ? [] : [`update ${nameOf(table)} set ${column} = ${from}${only};`]),
    ...(source.otherwise ? [fromParent(table, source.otherwise, column, true)] : []),
  ]
}

function fromParent(table: SchemaTable, { key, parent }: ParentSource, column: string, isPartial: boolean): string {
  const { columns, foreignColumns } = key.reference()
  const conditions = [
    ...columns.map(
      (own, index) => `parent.${identifier(foreignColumns[index]?.name ?? '')} = child.${identifier(own.name)}`,
    ),
    ...(isPartial ? [`child.${column} is null`] : []),
  ].join(' and ')
  return `update ${nameOf(table)} child set ${column} = parent.${column} from ${nameOf(parent)} parent where ${conditions};`
}
