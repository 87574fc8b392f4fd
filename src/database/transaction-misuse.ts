/** A query was sent on a transaction that is over or of another tenant, or was not awaited at its end. The code is wrong. */
export class TransactionMisuse extends Error {
  override readonly name = 'TransactionMisuse'
}
