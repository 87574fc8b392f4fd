import type { Statement, StatementResult } from './statement.ts'
import { kindOf, type StatementKind } from './statement-kind.ts'
import { TransactionMisuse } from './transaction-misuse.ts'

/** PostgreSQL answered against the protocol of a transaction. The connection is destroyed. */
export class ViolatedProtocol extends TransactionMisuse {
  constructor(readonly what: string) {
    super(`Protocol violation: ${what}`)
  }
}

const commit: Statement = { text: 'commit', parameters: [] }
const queryId: Statement = { text: 'select pg_current_xact_id_if_assigned()::text', parameters: [] }

/**
 * The statements that end a transaction.
 *
 * @param withId whether the first one queries the transaction's id: a query that fails after COMMIT would hide the success
 * @param cleaning for a transaction that may leave state behind on its connection
 */
export const ending = (withId: boolean, cleaning: readonly Statement[]): Statement[] => [
  ...endingAlone(withId),
  ...cleaning,
  commit,
]

/** As {@link ending}, for a transaction without BEGIN: the end of its message is its COMMIT. */
export const endingAlone = (withId: boolean): Statement[] => (withId ? [queryId] : [])

const kindsWithoutBegin: ReadonlySet<StatementKind> = new Set<StatementKind>([
  'SELECT',
  'INSERT',
  'UPDATE',
  'DELETE',
  'MERGE',
  'WITH',
  'VALUES',
])

const areWithoutBegin = new Map<string, boolean>()
const rememberedMax = 1000

/** Whether a `prepared` text can be a transaction without BEGIN: a CALL or a DO could commit, and go on without its tenant. */
export function runsWithoutBegin(text: string): boolean {
  const known = areWithoutBegin.get(text)
  if (known !== undefined) return known
  const isWithoutBegin = kindsWithoutBegin.has(kindOf(text))
  if (areWithoutBegin.size < rememberedMax) areWithoutBegin.set(text, isWithoutBegin)
  return isWithoutBegin
}

/** The transaction id in the result of its query; undefined: the transaction changed no row. */
export function idOf(result: StatementResult | undefined): string | undefined {
  const id = result?.rows[0]?.[0]
  return typeof id === 'string' ? id : undefined
}
