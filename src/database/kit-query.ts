import { Query } from './query.ts'
import { type Rows, toRows } from './statement.ts'
import { senderOf, type TenantTx } from './tenant-tx.ts'

/**
 * A query with a text that the kit wrote: as a `prepared` one, it leaves nothing behind on the connection.
 *
 * @example
 * const [row] = await kitQuery(tx, 'select tenancy.read_idempotent_answer($1, $2, $3) as answer', [route, key, request])
 */
export const kitQuery = (
  tx: TenantTx,
  text: string,
  parameters: readonly unknown[],
): Query<Rows<Record<string, unknown>>> =>
  new Query(
    () =>
      senderOf(tx)
        .send(text, [...parameters], true)
        .then(toRows),
    1,
  )

/** Whether a transaction is that of a call around the current one. */
export const isJoined = (tx: TenantTx): boolean => senderOf(tx).joined > 0
