import type { Reply, SideBySideConnection } from './connection.ts'
import { SlowStatements } from './slow-statements.ts'
import type { Statement } from './statement.ts'
import type { WaitingTransaction } from './waiting.ts'

interface Outgoing {
  transaction: WaitingTransaction
  statements: readonly Statement[]
  /** Whether PostgreSQL keeps its statements parsed on the connection. */
  isParsed: boolean
}

/** The transactions that may follow in the same write. */
export interface Followers {
  /** The next one; undefined when there is none. */
  find(): WaitingTransaction | undefined
  /** Removes it from those that wait, because it is sent. */
  take(transaction: WaitingTransaction): void
}

/**
 * Sends transactions of different tenants in one socket write: a write for each costs more time than the transactions. Each has a
 * Sync of its own, so PostgreSQL ends it, and its settings with it, before it begins the next one.
 *
 * Nothing follows a transaction for which others could wait long: one that changes rows may wait for a lock or for the disk, and a
 * statement that was slow recently is probably slow again. A statement that PostgreSQL has to parse first goes alone.
 */
export class SideBySide {
  private readonly slow = new SlowStatements()

  /** @param max the most transactions in one write */
  constructor(private readonly max: number) {}

  /**
   * Sends a transaction and those that may follow it.
   *
   * @param onEnd called after the last reply
   */
  send(connection: SideBySideConnection, first: WaitingTransaction, followers: Followers, onEnd: () => void): void {
    const outgoing = this.gather(connection, first, followers)
    if (outgoing.length === 0) {
      onEnd()
      return
    }
    const close = () => connection.close()
    let left = outgoing.length
    let began = performance.now()
    const ended = ({ transaction, isParsed }: Outgoing) => {
      const now = performance.now()
      // The first time of a statement on a connection includes its parsing, and maybe the login.
      if (isParsed) this.slow.note(transaction.text, now - began)
      began = now // PostgreSQL runs the next one from here on
      left -= 1
      if (left === 0) onEnd()
    }
    const messages = outgoing.map((one) => ({
      statements: one.statements,
      resolve(reply: Reply) {
        if (!one.transaction.isConfirmed(reply)) void close()
        one.transaction.resolve({ ...reply, close })
        ended(one)
      },
      reject(error: unknown) {
        one.transaction.reject(error)
        ended(one)
      },
    }))
    connection.sendSideBySide(messages)
  }

  private gather(connection: SideBySideConnection, first: WaitingTransaction, followers: Followers): Outgoing[] {
    const gathered: Outgoing[] = []
    const add = (transaction: WaitingTransaction, statements: readonly Statement[] | undefined) => {
      if (statements) gathered.push({ transaction, statements, isParsed: connection.hasParsed(statements) })
    }
    add(first, statementsOf(first))
    while (gathered.length < this.max && this.canBeFollowed(gathered.at(-1))) {
      const next = followers.find()
      const statements = next && statementsOf(next)
      if (!next || (statements && !connection.hasParsed(statements))) break
      followers.take(next)
      add(next, statements)
    }
    return gathered
  }

  private canBeFollowed(last: Outgoing | undefined): boolean {
    if (!last) return true
    const { transaction, isParsed } = last
    return !transaction.isWrite && !this.slow.has(transaction.text) && isParsed
  }
}

/** The statements of a transaction; undefined when it has ended meanwhile, which is reported to it. */
function statementsOf(transaction: WaitingTransaction): readonly Statement[] | undefined {
  try {
    return transaction.statements()
  } catch (error) {
    transaction.reject(error)
    return undefined
  }
}
