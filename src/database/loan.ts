import type { Connection, SideBySideConnection } from './connection.ts'
import type { Statement, StatementResult } from './statement.ts'
import { TransactionMisuse } from './transaction-misuse.ts'

/** A connection on loan. After its release it rejects every call, because another tenant may have the connection by then. */
export class Loan implements Connection {
  private isOver = false
  private pending = 0

  constructor(
    private readonly connection: SideBySideConnection,
    readonly holder: string | undefined,
  ) {}

  private async use<T>(work: (connection: SideBySideConnection) => Promise<T>): Promise<T> {
    if (this.isOver) throw new TransactionMisuse('This connection was released: do not use it after release')
    this.pending += 1
    try {
      return await work(this.connection)
    } finally {
      this.pending -= 1
    }
  }

  send(statements: readonly Statement[], options?: { named?: boolean }): Promise<StatementResult[]> {
    return this.use((connection) => connection.send(statements, options))
  }

  command(text: string): Promise<StatementResult> {
    return this.use((connection) => connection.command(text))
  }

  get status() {
    return this.connection.status
  }

  get fault() {
    return this.connection.fault
  }

  get loginSettings() {
    return this.connection.loginSettings ?? {}
  }

  get openedAt() {
    return this.connection.openedAt
  }

  async close(): Promise<void> {
    if (!this.isOver) await this.connection.close()
  }

  /** Ends the loan. A connection with a pending batch is closed: the next loan would get its results. */
  end(): SideBySideConnection {
    this.isOver = true
    if (this.pending > 0) void this.connection.close()
    return this.connection
  }
}
