import { assertWholeNumber } from '../text/index.ts'
import type { Preparable } from './query.ts'
import type { TenantQuery } from './session.ts'
import type { StatementResult } from './statement.ts'
import { kindOf } from './statement-kind.ts'
import type { StreamOptions } from './tenant-tx.ts'
import { TransactionMisuse } from './transaction-misuse.ts'

/** What a stream is read in: a transaction, or a savepoint in it. */
interface StreamScope {
  readonly outer?: StreamScope | undefined
  isStreaming: boolean
  /** Sends a statement of the engine. */
  sendOwn(text: string, parameters?: readonly unknown[]): Promise<StatementResult>
}

const declareStream = 'declare rowhouse_stream no scroll cursor for'
export const closeStream = 'close rowhouse_stream'

/**
 * Reads the rows of a query by a cursor (PostgreSQL, DECLARE): a portal that lives until the end of its transaction or savepoint. Every
 * statement passes the same checks as a query that is not prepared.
 */
export function streamRows<Row>(
  scope: StreamScope,
  query: Preparable<readonly Row[]>,
  { batch = 1000 }: StreamOptions = {},
): AsyncIterable<Row> {
  assertWholeNumber('batch', batch)
  const built = query.prepare('stream') as unknown as TenantQuery // TenantSession creates it
  const { sql, params } = built.getQuery()
  const kind = kindOf(sql)
  if (kind !== 'SELECT' && kind !== 'WITH')
    throw new TransactionMisuse(`tx.stream reads rows: pass a SELECT, not ${kind}`)
  const open = [`${declareStream}\n${sql}`, params] as const
  return read(scope, batch, open, (result) => built.resultOf(result) as readonly Row[]) // as its builder says
}

async function* read<Row>(
  scope: StreamScope,
  batch: number,
  open: readonly [text: string, parameters: unknown[]],
  rowsOf: (result: StatementResult) => readonly Row[],
): AsyncGenerator<Row, void, undefined> {
  assertNoStream(scope)
  scope.isStreaming = true
  const fetch = `fetch ${batch} from rowhouse_stream`
  let isOpen = true
  try {
    let [, result] = await Promise.all([scope.sendOwn(...open), scope.sendOwn(fetch)])
    while (result.count > 0) {
      yield* rowsOf(result)
      if (result.count < batch) return
      result = await scope.sendOwn(fetch)
    }
  } catch (error) {
    isOpen = false // PostgreSQL closes it with its savepoint or transaction
    throw error
  } finally {
    // A failure of CLOSE fails its transaction. Behind the transaction there is nothing to close.
    if (isOpen) await scope.sendOwn(closeStream).catch(() => {})
    scope.isStreaming = false
  }
}

function assertNoStream(scope: StreamScope): void {
  for (let each: StreamScope | undefined = scope; each; each = each.outer)
    if (each.isStreaming) throw new TransactionMisuse('A stream of this transaction is open: end its loop first')
}
