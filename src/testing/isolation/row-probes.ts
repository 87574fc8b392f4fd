import { sql } from 'drizzle-orm'
import type { Expectation } from './judge.ts'
import { aimed, type Probe, type Subject, sweeping } from './probes.ts'
import { isTable } from './read-catalogue.ts'

/** Statements that read, change or delete existing rows. */
export const rowProbes = (subject: Subject): Probe[] => [...reads(subject), ...changes(subject), ...removals(subject)]

function reads(subject: Subject): Probe[] {
  const { statements } = subject
  const { mayRead, mayLocate, changed } = statements
  const mayLock = mayRead && changed !== undefined
  const expected: Expectation = 'unreached'
  return [
    { operation: 'select', may: mayRead, expected, ...sweeping(() => statements.list, subject) },
    { operation: 'count', may: mayRead, expected, ...sweeping(() => statements.count, subject) },
    { operation: 'get', may: mayLocate, expected, ...aimed(statements.get, subject) },
    { operation: 'subselect', may: mayLocate, expected, ...aimed(statements.subselect, subject) },
    { operation: 'join', may: mayLocate, expected, ...aimed(statements.join, subject) },
    { operation: 'for update', may: mayLock, expected, ...sweeping(() => statements.lock(sql`update`), subject) },
    { operation: 'for share', may: mayLock, expected, ...sweeping(() => statements.lock(sql`share`), subject) },
  ]
}

function changes(subject: Subject): Probe[] {
  const { statements, tenantColumn, foreign, own } = subject
  const { changed, mayRead, mayLocate, relation } = statements
  const may = changed !== undefined
  const expected: Expectation = 'unreached'
  return [
    { operation: 'update', may, expected, ...sweeping(statements.update, subject) },
    { operation: 'update where', may: may && mayLocate, expected, ...aimed(statements.updateWhere, subject) },
    { operation: 'update returning', may: may && mayRead, expected, ...sweeping(statements.updateReturning, subject) },
    {
      operation: `update ${tenantColumn}`,
      may: relation.columns.some(({ name, mayUpdate }) => name === tenantColumn && mayUpdate),
      // For a view that is not updatable, PostgreSQL raises that error before it checks privileges.
      ...(isTable(relation) ? { expected: 'forbidden', own: [statements.move(own)] } : { expected: 'nowhere' }),
      foreign: statements.move(foreign),
      none: statements.move(foreign),
    },
  ]
}

function removals(subject: Subject): Probe[] {
  const { statements, clear, serverVersion } = subject
  const { relation, mayRead, mayLocate } = statements
  const { mayDelete } = relation
  const expected: Expectation = 'unreached'
  const cleared = (probe: Probe): Probe => ({ ...probe, own: [...clear, ...(probe.own ?? [])] })
  const probes = [
    { operation: 'delete', may: mayDelete, expected, ...sweeping(() => statements.delete, subject) },
    { operation: 'delete where', may: mayDelete && mayLocate, expected, ...aimed(statements.deleteWhere, subject) },
    {
      operation: 'delete returning',
      may: mayDelete && mayRead,
      expected,
      ...sweeping(() => statements.deleteReturning, subject),
    },
    { operation: 'delete in with', may: mayDelete && mayLocate, expected, ...aimed(statements.deleteInWith, subject) },
  ].map(cleared)
  if (serverVersion >= 150_000 && isTable(relation))
    probes.push(
      cleared({
        operation: 'merge delete',
        may: mayDelete && mayLocate,
        expected,
        ...aimed(statements.mergeDelete, subject),
      }),
    )
  const { truncate } = statements
  if (isTable(relation))
    probes.push({
      operation: 'truncate',
      may: false,
      expected: 'forbidden',
      own: [truncate],
      foreign: truncate,
      none: truncate,
    })
  return probes
}
