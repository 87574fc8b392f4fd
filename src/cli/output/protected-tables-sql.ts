import { createHash } from 'node:crypto'
import { is } from 'drizzle-orm'
import { type ForeignKey, getTableConfig, IndexedColumn } from 'drizzle-orm/pg-core'
import { qualify, type SchemaTable } from '../schema/read-schema.ts'
import { isReadable, type SchemaView } from '../schema/read-views.ts'
import type { WantedRecording } from '../schema/recorded-tables.ts'
import { arrayLiteral, comment, identifier, literal } from './sql-text.ts'

const about = '-- Every table with a tenant column. "rowhouse migrate" rejects such a table when it is missing here.\n'

/**
 * The text of `40-protected-tables.sql`, which protects the tables of a schema. It is safe to repeat.
 *
 * @param recorded what the database keeps of the rows of a table, by its label; without it, the file starts and stops nothing
 */
export function protectedTablesSql(
  tables: SchemaTable[],
  views: SchemaView[] = [],
  recorded?: ReadonlyMap<string, WantedRecording>,
): string {
  const statements = tables.flatMap((table) => {
    if (table.isUnreachable) return [withhold(table)]
    if (table.tenant) return [protect(table), ...missingIndexes(table, tables).map((columns) => index(table, columns))]
    return table.isShared ? [share(table)] : []
  })
  statements.push(
    ...views.flatMap((view) => (view.isUnreachable ? [withhold(view)] : isReadable(view) ? [share(view)] : [])),
  )
  if (recorded)
    statements.push(...tables.flatMap((table) => record(table, recorded.get(table.label))), stopOthers(recorded))
  return `${about}${statements.join('\n--> statement-breakpoint\n')}\n`
}

const share = ({ label }: { label: string }): string => `select tenancy.share(${literal(label)});`
const withhold = ({ label }: { label: string }): string => `select tenancy.withhold(${literal(label)});`

function protect({ label, tenant }: SchemaTable): string {
  const name = tenant?.name ?? ''
  const parameters = [label, ...(name === 'tenant_id' ? [] : [name])].map(literal).join(', ')
  const note = tenant?.hasDefault
    ? ''
    : `-- ${comment(label)} has no default for its tenant column: protect() adds one.\n`
  return `${note}select tenancy.protect(${parameters});`
}

/** The calls with what differs from the defaults of tenancy.audit() and tenancy.trash(). */
function record({ label, tenant }: SchemaTable, { audit, trash }: Partial<WantedRecording> = {}): string[] {
  const column = tenant?.name ?? 'tenant_id'
  const named = column === 'tenant_id' ? [] : [`tenant_column => ${literal(column)}`]
  const call = (name: string, parameters: string[]) =>
    `select tenancy.${name}(${[literal(label), ...parameters, ...named].join(', ')});`
  const redact = audit && audit.redact.length > 0 ? [`redact => ${arrayLiteral(audit.redact)}`] : []
  const others = audit?.ignore.filter((name) => name !== 'updated_at') ?? []
  const ignore = audit && others.length > 0 ? [`ignore => ${arrayLiteral(audit.ignore)}`] : []
  return [...(audit ? [call('audit', [...redact, ...ignore])] : []), ...(trash ? [call('trash', [])] : [])]
}

/** A table that the configuration no longer names loses its triggers. */
function stopOthers(recorded: ReadonlyMap<string, WantedRecording>): string {
  const labels = (field: keyof WantedRecording) =>
    arrayLiteral([...recorded].filter(([, { [field]: wanted }]) => wanted).map(([label]) => label))
  return `select tenancy.stop_recording_except(audit => ${labels('audit')}, trash => ${labels('trash')});`
}

/** `create index if not exists` would wait for writers even when the index exists. */
function index({ schema, name }: SchemaTable, columns: string[]): string {
  const indexName = shorten(`${name}_${columns.join('_')}_idx`)
  return `do $$ begin
  if to_regclass(${literal(qualify(schema, indexName))}) is null then
    create index ${identifier(indexName)} on ${identifier(schema)}.${identifier(name)} (${columns.map(identifier).join(', ')});
  end if;
end $$;`
}

/** The columns of each missing index: one index begins with the tenant, and each foreign key has one. */
function missingIndexes(table: SchemaTable, tables: SchemaTable[]): string[][] {
  const tenant = table.tenant?.name ?? ''
  const present = indexedColumns(table)
  const missing: string[][] = []
  const isIndexed = (wanted: string[]) =>
    [...present, ...missing].some(
      (columns) => columns[0] === tenant && wanted.every((column) => columns.slice(0, wanted.length).includes(column)),
    )
  for (const key of table.foreignKeys) {
    if (refersToShared(key, tables)) continue
    const others = key.reference().columns.map(({ name }) => name)
    const wanted = [tenant, ...others.filter((name) => name !== tenant)]
    if (!isIndexed(wanted)) missing.push(wanted)
  }
  if (!isIndexed([tenant])) missing.push([tenant])
  return missing
}

/** A foreign key to a shared table needs no index: shared rows are hardly ever deleted. */
function refersToShared(key: ForeignKey, tables: SchemaTable[]): boolean {
  const { schema, name } = getTableConfig(key.reference().foreignTable)
  return tables.some(({ isShared, label }) => isShared && label === qualify(schema, name))
}

/** The leading columns of each key and index, up to the first expression. Partial indexes do not count. */
function indexedColumns({ columns, primaryKeys, uniqueConstraints, indexes }: SchemaTable): string[][] {
  const single = columns.filter(({ primary, isUnique }) => primary || isUnique).map(({ name }) => [name])
  const keys = [...primaryKeys, ...uniqueConstraints].map((key) => key.columns.map(({ name }) => name))
  const others = indexes
    .filter(({ config }) => !config.where && (config.method ?? 'btree') === 'btree')
    .map(({ config }) => config.columns.map((column) => (is(column, IndexedColumn) ? column.name : undefined)))
    .map((names) => names.slice(0, names.includes(undefined) ? names.indexOf(undefined) : undefined))
    .map((names) => names.filter((name) => name !== undefined))
  return [...single, ...keys, ...others]
}

/** PostgreSQL truncates names to 63 bytes, which could make two names equal. */
function shorten(name: string): string {
  if (Buffer.byteLength(name) <= 63) return name
  const end = createHash('sha256').update(name).digest('hex').slice(0, 8)
  return `${Buffer.from(name).subarray(0, 54).toString().replaceAll('\uFFFD', '')}_${end}`
}
