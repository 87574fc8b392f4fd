import { OperatorError } from '../../errors/index.ts'
import { nearestWord } from '../../text/index.ts'
import type { RowhouseConfig } from '../config.ts'
import { qualify, type SchemaTable, unquote } from './read-schema.ts'

/** What the configuration lets the database keep of the rows of a table. */
export interface WantedRecording {
  /** The columns without values in the trail, and those that make no entry alone; undefined without an audit trail. */
  audit: { redact: string[]; ignore: string[] } | undefined
  trash: boolean
}

type TableConfig = NonNullable<RowhouseConfig['tables']>[string]

const part = '(?:[a-z_][a-z0-9_]*|"(?:[^"]|"")+")'
const nameOfTable = new RegExp(`^(?:(${part})\\.)?(${part})$`, 'u')

/** The label of a table of the configuration, `public.users` for `users`; undefined for what is no name as SQL writes it. */
export function labelOf(given: string): string | undefined {
  const [, schema = 'public', name] = nameOfTable.exec(given) ?? []
  return name === undefined ? undefined : qualify(unquote(schema), unquote(name))
}

/**
 * Resolves `tables` of the configuration.
 *
 * @returns undefined without that field; else the recording of each protected table with an audit trail or a trash, by its label, in the order of the tables
 * @throws OperatorError with every name that the schema does not have, and every table that is not protected
 */
export function recordedTables(
  { tables: given, tenantColumn }: Pick<RowhouseConfig, 'tables' | 'tenantColumn'>,
  tables: SchemaTable[],
): Map<string, WantedRecording> | undefined {
  if (given === undefined) return undefined
  const problems: string[] = []
  const found = new Map<SchemaTable, TableConfig>()
  for (const [name, config] of Object.entries(given)) {
    const label = labelOf(name)
    const table = tables.find((one) => one.label === label)
    if (!table) problems.push(`tables.${name}: ${unknownTable(name, label, tables)}`)
    else if (found.has(table)) problems.push(`tables.${name}: ${table.label} is here twice: write it once`)
    else problems.push(...problemsOf(table, config, tenantColumn).map((problem) => `tables.${name}${problem}`))
    if (table) found.set(table, config)
  }
  if (problems.length > 0)
    throw new OperatorError(`Invalid configuration:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`)
  return new Map(
    tables.flatMap((table) => {
      const recording = recordingOf(table, found.get(table))
      return recording.audit || recording.trash ? [[table.label, recording]] : []
    }),
  )
}

function recordingOf({ columns }: SchemaTable, { audit = false, trash = false }: TableConfig = {}): WantedRecording {
  if (audit === false) return { audit: undefined, trash }
  const { redact, ignore } = audit === true ? { redact: [], ignore: [] } : audit
  const usual = columns.some(({ name }) => name === 'updated_at') ? ['updated_at'] : []
  return { audit: { redact: [...new Set(redact)], ignore: [...new Set([...usual, ...ignore])] }, trash }
}

function unknownTable(name: string, label: string | undefined, tables: SchemaTable[]): string {
  const exported = tables.find(({ exportName }) => exportName === name)
  if (exported) return `is the name in the code: write ${exported.label}, as SQL names the table`
  if (label === undefined) return 'must be a table as SQL names it: users, public.users, "odd.name"."Order"'
  const near = nearestWord(
    label,
    tables.map((table) => table.label),
  )
  return `the schema has no table ${label}: ${near ? `did you mean ${near}?` : 'correct the name, or remove it'}`
}

/** The problems of one table, each after the name of its field. */
function problemsOf(table: SchemaTable, { audit }: TableConfig, tenantColumn: string): string[] {
  const { label, tenant, isShared, isUnreachable } = table
  const fault = isShared
    ? 'is shared'
    : isUnreachable
      ? 'is unreachable'
      : tenant
        ? undefined
        : `has no column ${tenantColumn}`
  if (fault)
    return [`: ${label} ${fault}, and only a protected table has an audit trail or a trash: remove it from tables`]
  if (typeof audit !== 'object') return []
  return (['redact', 'ignore'] as const).flatMap((field) =>
    audit[field]
      .filter((column) => !table.columns.some(({ name }) => name === column))
      .map((column) => `.audit.${field}: ${unknownColumn(column, table)}`),
  )
}

function unknownColumn(given: string, { label, columns, keys }: SchemaTable): string {
  const names = columns.map(({ name }) => name)
  const ofCode = names.find((name) => keys.get(name) === given)
  if (ofCode) return `${given} is the name in the code: write ${ofCode}, the column of ${label}`
  const near = nearestWord(given, names)
  return `${label} has no column ${given}: ${near ? `did you mean ${near}?` : `it has ${names.join(', ')}`}`
}
