import type { Finding, Recording } from '../../isolation/index.ts'
import type { RowhouseConfig } from '../config.ts'
import { unquote } from './read-schema.ts'
import { labelOf, type WantedRecording } from './recorded-tables.ts'

type Found = ReadonlyMap<string, Recording>
type Field = 'audit' | 'trash'

const words = { audit: 'an audit trail', trash: 'a trash' }
const lacking = { audit: 'no audit trail', trash: 'no trash' }

/**
 * What the tables of a migrated database keep that the configuration does not ask for, and the other way round.
 *
 * @param found by the names of the tables as the database prints them
 * @param wanted by the labels of the tables
 */
export function recordingFindings(found: Found, wanted: ReadonlyMap<string, WantedRecording>): Finding[] {
  const byName = new Map([...wanted].map(([label, recording]) => [unquote(label), recording]))
  return [...found].flatMap(([table, { audit, trash }]) => {
    const expected = byName.get(unquote(table)) ?? { audit: undefined, trash: false }
    return [
      ...presence('audit', audit !== null, expected.audit !== undefined),
      ...presence('trash', trash, expected.trash),
      ...(audit && expected.audit ? columnsOf(audit, expected.audit) : []),
    ].map((problem) => differs(table, problem))
  })
}

function presence(field: Field, isThere: boolean, isWanted: boolean): string[] {
  if (isThere === isWanted) return []
  return [
    isThere
      ? `it has ${words[field]}, and rowhouse.config.ts gives it none`
      : `it has ${lacking[field]}, and rowhouse.config.ts gives it one`,
  ]
}

function columnsOf(found: { redact: string[]; ignore: string[] }, wanted: typeof found): string[] {
  const list = (names: string[]) => names.toSorted().join(', ') || 'nothing'
  // Without columns to ignore, tenancy.audit() gets its default.
  const expected = { ...wanted, ignore: wanted.ignore.length > 0 ? wanted.ignore : ['updated_at'] }
  return (['redact', 'ignore'] as const)
    .filter((field) => list(found[field]) !== list(expected[field]))
    .map(
      (field) => `its audit trail ${field}s ${list(found[field])}, and in rowhouse.config.ts ${list(expected[field])}`,
    )
}

const differs = (object: string, problem: string): Finding => ({
  level: 'error',
  check: 'recording-differs',
  guarantee: 27,
  object,
  problem,
  remedy:
    'Run "rowhouse init": it writes sql/40-protected-tables.sql from rowhouse.config.ts. No other file calls tenancy.audit() or tenancy.trash().',
})

/**
 * Tables without the audit trail or the trash that a table of the same aggregate has: the deletes of one cascade to the other. A table
 * whose configuration says false is meant to have none.
 */
export function aggregateFindings(found: Found, given: RowhouseConfig['tables'] = {}): Finding[] {
  const byName = new Map(Object.entries(given).map(([name, options]) => [unquote(labelOf(name) ?? name), options]))
  return (['audit', 'trash'] as const).flatMap((field) => {
    const problems = new Map<string, string>()
    for (const [child, { cascadesFrom, ...recording }] of found)
      for (const parent of cascadesFrom) {
        const [ofChild, ofParent] = [Boolean(recording[field]), Boolean(found.get(parent)?.[field])]
        if (ofParent && !ofChild)
          problems.set(child, `it has ${lacking[field]}, and ${parent}, whose deletes cascade to it, has one`)
        if (ofChild && !ofParent)
          problems.set(parent, `it has ${lacking[field]}, and ${child}, to which its deletes cascade, has one`)
      }
    return [...problems]
      .filter(([table]) => byName.get(unquote(table))?.[field] !== false)
      .map(([table, problem]) => alike(table, problem, field))
  })
}

function alike(object: string, problem: string, field: Field): Finding {
  const name = object.replace(/^public\./, '')
  const key = /^[a-z_][a-z0-9_]*$/.test(name) ? name : JSON.stringify(name)
  return {
    level: 'warning',
    check: 'write-differs',
    guarantee: 27,
    object,
    problem,
    remedy: `In rowhouse.config.ts, tables: { ${key}: { ${field}: true } }. With ${field}: false, it is meant to have none.`,
  }
}
