import type { SQL } from 'drizzle-orm'
import { aimed, type Probe, type Subject } from './probes.ts'
import { isTable, type Row } from './read-catalogue.ts'

/** Statements that insert rows: for another tenant, with another tenant's keys, and with references to another tenant's rows. */
export const insertProbes = (subject: Subject): Probe[] => [...inserts(subject), ...references(subject)]

function inserts(subject: Subject): Probe[] {
  const { statements, tenantColumn, foreign, own, spare, emptyTenant } = subject
  const { relation, mayInsert, mayRead, mayLocate, primaryKey, changed } = statements
  const { [tenantColumn]: tenant, ...nameless } = spare
  const asForeign = { ...spare, ...foreignReferences(subject), [tenantColumn]: foreign[tenantColumn] }
  const asOwn = { ...spare, [tenantColumn]: own[tenantColumn] }
  const writing = (statement: (row: Row) => SQL) => ({
    own: [statement(asOwn)],
    foreign: statement(asForeign),
    none: statement(asForeign),
  })
  const mayUpsert = mayInsert && mayLocate && changed !== undefined
  const probes: Probe[] = [
    // Without RETURNING: with it, a good policy for SELECT hides a permissive WITH CHECK.
    { operation: 'insert', may: mayInsert, expected: 'refused', ...writing(statements.insert) },
    {
      operation: 'insert returning',
      may: mayInsert && mayRead,
      expected: 'refused',
      ...writing(statements.insertReturning),
    },
    {
      operation: 'insert by default',
      may: mayInsert,
      expected: 'nowhere',
      ...(relation.columns.some(({ name, hasDefault }) => name === tenantColumn && hasDefault)
        ? { own: [statements.insert(nameless)] }
        : {}),
      none: statements.insert(nameless),
    },
    {
      operation: 'insert do nothing',
      may: mayInsert,
      expected: 'refused',
      ...aimed(statements.insertUnlessThere, subject),
      least: 0,
    },
    {
      operation: 'same key',
      may: mayInsert,
      expected: 'unnoticed',
      asEmptyTenant: statements.insert({ ...foreign, [tenantColumn]: emptyTenant }),
    },
  ]
  if (primaryKey.length > 0)
    probes.push({ operation: 'upsert', may: mayUpsert, expected: 'refused', ...aimed(statements.upsert, subject) })
  if (subject.serverVersion >= 150_000 && isTable(relation))
    probes.push({ operation: 'merge', may: mayUpsert, expected: 'refused', ...aimed(statements.merge, subject) })
  return probes
}

/** The references of the other tenant's row, so that no foreign key refuses a copy of it. */
const foreignReferences = ({ statements, foreign }: Subject): Row =>
  Object.fromEntries(
    statements.relation.references
      .flatMap(({ columns }) => columns.map(([here]) => here))
      .filter((here) => here in foreign)
      .map((here) => [here, foreign[here]]),
  )

/** A reference to the other tenant's row through each foreign key, which PostgreSQL checks without row-level security. */
function references({ statements, tenantColumn, spare, own, parents }: Subject): Probe[] {
  const { relation, mayInsert } = statements
  return relation.references.flatMap(({ name, parent, columns }) => {
    const theirs = parents.foreign.get(parent)
    const pairs = columns
      .filter(([here]) => here !== tenantColumn)
      .map(([here, there]) => [here, theirs?.[there]] as const)
    const ours = columns.map(([, there]) => parents.own.get(parent)?.[there])
    // Proves nothing: a key of the tenant column alone, or values that both tenants have.
    const isTelling = theirs !== undefined && pairs.some(([, value]) => value !== undefined && !ours.includes(value))
    if (!isTelling) return []
    const row = { ...spare, [tenantColumn]: own[tenantColumn], ...Object.fromEntries(pairs) }
    return [
      {
        operation: `reference ${name}`,
        may: mayInsert,
        expected: 'dangling' as const,
        foreign: statements.insert(row),
      },
    ]
  })
}
