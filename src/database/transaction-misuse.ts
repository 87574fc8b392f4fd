/** A query was sent on a transaction that is over or another tenant's, or left behind at its end. A fault in the code. */
export class TransactionMisuse extends Error {
  override readonly name = 'TransactionMisuse'
}
