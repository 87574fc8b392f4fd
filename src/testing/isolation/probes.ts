import { type SQL, sql } from 'drizzle-orm'
import { isTable, type Label, type Row } from './catalogue.ts'
import type { Wall } from './judge.ts'
import type { Statements } from './statements.ts'

/** One kind of statement, as it is tried on the own row, on another tenant's, and without a tenant. */
export interface Probe {
  operation: string
  /** Whether the catalogue shows the privileges for it. */
  may: boolean
  wall: Wall
  own?: SQL[]
  /** How many of its own rows the tenant must reach, where there are any; 1 when left out. */
  least?: number
  foreign?: SQL
  /** Tried by a tenant that has no row at all: whatever it reaches is another's. */
  foreignOfNobody?: SQL
  none?: SQL
  /** It has no WHERE: what it reaches beyond the own rows is another tenant's. */
  sweeps?: boolean
}

/** What the probes of one relation are made of. */
export interface Subject {
  statements: Statements
  tenantColumn: string
  serverVersion: number
  /** Its rows of both tenants, and one more that the own tenant could have; the tenant alone where there is none. */
  foreign: Row
  own: Row
  spare: Row
  /** Which row of a relation the foreign and the own one refer to. */
  parents: { foreign: Map<Label, Row>; own: Map<Label, Row> }
  /** Deletes what refers to the own row, so that it can be deleted. */
  clear: SQL[]
  /** The id of a tenant that has no row. */
  nobody: string
}

/** Every statement that the driver can send: row security treats each kind of its own, and with and without reading. */
export function probesOf(subject: Subject): Probe[] {
  return [...reads(subject), ...inserts(subject), ...changes(subject), ...removals(subject), ...references(subject)]
}

/** A statement with a WHERE that names the row. */
const aimed = (statement: (row: Row) => SQL, { foreign, own }: Subject) => ({
  own: [statement(own)],
  foreign: statement(foreign),
  none: statement(foreign),
})

/** A statement without WHERE: a policy for SELECT hides from one that reads that those for UPDATE and DELETE are lax. */
const sweeping = (statement: (row: Row) => SQL, { foreign, own }: Subject) => ({
  own: [statement(own)],
  foreignOfNobody: statement(foreign),
  none: statement(foreign),
  sweeps: true,
})

function reads(subject: Subject): Probe[] {
  const { statements } = subject
  const { mayRead, mayLocate, changed } = statements
  const mayLock = mayRead && changed !== undefined
  const wall: Wall = 'unreached'
  return [
    { operation: 'select', may: mayRead, wall, ...sweeping(() => statements.list, subject) },
    { operation: 'count', may: mayRead, wall, ...sweeping(() => statements.count, subject) },
    { operation: 'get', may: mayLocate, wall, ...aimed(statements.get, subject) },
    { operation: 'subselect', may: mayLocate, wall, ...aimed(statements.subselect, subject) },
    { operation: 'join', may: mayLocate, wall, ...aimed(statements.join, subject) },
    { operation: 'for update', may: mayLock, wall, ...sweeping(() => statements.lock(sql`update`), subject) },
    { operation: 'for share', may: mayLock, wall, ...sweeping(() => statements.lock(sql`share`), subject) },
  ]
}

function inserts(subject: Subject): Probe[] {
  const { statements, tenantColumn, foreign, own, spare, nobody } = subject
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
    // Without RETURNING: where alone a lax WITH CHECK shows behind a good policy for SELECT.
    { operation: 'insert', may: mayInsert, wall: 'refused', ...writing(statements.insert) },
    {
      operation: 'insert returning',
      may: mayInsert && mayRead,
      wall: 'refused',
      ...writing(statements.insertReturning),
    },
    {
      operation: 'insert by default',
      may: mayInsert,
      wall: 'nowhere',
      ...(relation.columns.some(({ name, hasDefault }) => name === tenantColumn && hasDefault)
        ? { own: [statements.insert(nameless)] }
        : {}),
      none: statements.insert(nameless),
    },
    {
      operation: 'insert do nothing',
      may: mayInsert,
      wall: 'refused',
      ...aimed(statements.insertUnlessThere, subject),
      least: 0,
    },
    {
      operation: 'same key',
      may: mayInsert,
      wall: 'unnoticed',
      foreignOfNobody: statements.insert({ ...foreign, [tenantColumn]: nobody }),
    },
  ]
  if (primaryKey.length > 0)
    probes.push({ operation: 'upsert', may: mayUpsert, wall: 'refused', ...aimed(statements.upsert, subject) })
  if (subject.serverVersion >= 150_000 && isTable(relation))
    probes.push({ operation: 'merge', may: mayUpsert, wall: 'refused', ...aimed(statements.merge, subject) })
  return probes
}

/** What the columns that refer to others hold in the foreign row: a foreign key must not be what refuses a copy of it. */
const foreignReferences = ({ statements, foreign }: Subject): Row =>
  Object.fromEntries(
    statements.relation.references
      .flatMap(({ columns }) => columns.map(([here]) => here))
      .filter((here) => here in foreign)
      .map((here) => [here, foreign[here]]),
  )

function changes(subject: Subject): Probe[] {
  const { statements, tenantColumn, foreign, own } = subject
  const { changed, mayRead, mayLocate, relation } = statements
  const may = changed !== undefined
  const wall: Wall = 'unreached'
  return [
    { operation: 'update', may, wall, ...sweeping(statements.update, subject) },
    { operation: 'update where', may: may && mayLocate, wall, ...aimed(statements.updateWhere, subject) },
    { operation: 'update returning', may: may && mayRead, wall, ...sweeping(statements.updateReturning, subject) },
    {
      operation: `update ${tenantColumn}`,
      may: relation.columns.some(({ name, mayUpdate }) => name === tenantColumn && mayUpdate),
      // A view that cannot be written says so before privileges are looked at.
      ...(isTable(relation) ? { wall: 'forbidden', own: [statements.move(own)] } : { wall: 'nowhere' }),
      foreign: statements.move(foreign),
      none: statements.move(foreign),
    },
  ]
}

function removals(subject: Subject): Probe[] {
  const { statements, clear, serverVersion } = subject
  const { relation, mayRead, mayLocate } = statements
  const { mayDelete } = relation
  const wall: Wall = 'unreached'
  const cleared = (probe: Probe): Probe => ({ ...probe, own: [...clear, ...(probe.own ?? [])] })
  const probes = [
    { operation: 'delete', may: mayDelete, wall, ...sweeping(() => statements.delete, subject) },
    { operation: 'delete where', may: mayDelete && mayLocate, wall, ...aimed(statements.deleteWhere, subject) },
    {
      operation: 'delete returning',
      may: mayDelete && mayRead,
      wall,
      ...sweeping(() => statements.deleteReturning, subject),
    },
    { operation: 'delete in with', may: mayDelete && mayLocate, wall, ...aimed(statements.deleteInWith, subject) },
  ].map(cleared)
  if (serverVersion >= 150_000 && isTable(relation))
    probes.push(
      cleared({
        operation: 'merge delete',
        may: mayDelete && mayLocate,
        wall,
        ...aimed(statements.mergeDelete, subject),
      }),
    )
  const { truncate } = statements
  if (isTable(relation))
    probes.push({
      operation: 'truncate',
      may: false,
      wall: 'forbidden',
      own: [truncate],
      foreign: truncate,
      none: truncate,
    })
  return probes
}

/** A reference to the other tenant's row, through each foreign key: it is checked without row security. */
function references({ statements, tenantColumn, spare, own, parents }: Subject): Probe[] {
  const { relation, mayInsert } = statements
  return relation.references.flatMap(({ name, parent, columns }) => {
    const theirs = parents.foreign.get(parent)
    const pairs = columns
      .filter(([here]) => here !== tenantColumn)
      .map(([here, there]) => [here, theirs?.[there]] as const)
    const ours = columns.map(([, there]) => parents.own.get(parent)?.[there])
    // A key that is the tenant alone goes to whatever holds the tenants; one whose values both tenants have proves nothing.
    const tells = theirs !== undefined && pairs.some(([, value]) => value !== undefined && !ours.includes(value))
    if (!tells) return []
    const row = { ...spare, [tenantColumn]: own[tenantColumn], ...Object.fromEntries(pairs) }
    return [
      { operation: `reference ${name}`, may: mayInsert, wall: 'dangling' as const, foreign: statements.insert(row) },
    ]
  })
}
