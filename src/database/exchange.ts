import { indexOfFailed, resultsBefore } from './batch.ts'
import type { Connection, ConnectionSource, LoginSettings, Reply, Status } from './connection.ts'
import { ConnectionFailure } from './connection-failure.ts'
import { idOf, runsWithoutBegin, ViolatedProtocol } from './ending.ts'
import { Message } from './message.ts'
import { SettingsNotConfirmed } from './not-confirmed.ts'
import type { Opening } from './opening.ts'
import { isReported } from './reported-error.ts'
import type { Statement, StatementResult } from './statement.ts'
import { TransactionMisuse } from './transaction-misuse.ts'

export interface ExchangeOptions {
  connections: ConnectionSource
  /** The tenant, for sources that share connections between tenants. */
  holder: string | undefined
  opening: Opening
  /** Whether PostgreSQL keeps the queries parsed under names. */
  named: boolean
  /** Whether the transaction may change rows. */
  isWrite: boolean
  /** Whether the id of the transaction is queried before COMMIT. */
  withId: boolean
}

/** The queries that go in one message. */
export interface Outgoing {
  queries: readonly Statement[]
  /** Whether all of them are `prepared`. */
  isPrepared: boolean
  /** Whether they are all of the transaction, or its last ones: its end goes in their message. */
  isWhole: boolean
  /** Called immediately before they are sent, maybe in the async context of another tenant. When it throws, they are not sent. */
  assertWanted(): void
}

/**
 * The messages of one transaction and their replies. It takes a connection when the first message is sent. A transaction that is one
 * message without BEGIN keeps none: it goes on the connection that is free first, maybe together with others.
 */
export class Exchange {
  /** The connection of a transaction that has begun. */
  connection: Connection | undefined
  /** The connection behind the last message. */
  lastSeen: Pick<Connection, 'status' | 'fault' | 'close'> | undefined
  /** The id of a committed transaction that changed rows, where it was queried. */
  transactionId: string | undefined
  /** Whether a text was sent that is not prepared: it can change the session, for example by a function that it calls. */
  mayLeaveState = false
  /** Whether a message was sent. */
  isUsed = false
  isCommitted = false
  /** Whether the opening did what it must. Nothing more is sent in a transaction without that. */
  isOpened = false
  /** Whether BEGIN was sent. */
  private hasBegun = false

  constructor(private readonly options: ExchangeOptions) {}

  /** Whether there is a transaction to end. */
  get isOpen(): boolean {
    return this.hasBegun && !this.isCommitted
  }

  /** Sends queries, after the opening if they are the first ones, and waits for their results. */
  async send(outgoing: Outgoing): Promise<StatementResult[]> {
    this.mayLeaveState ||= !outgoing.isPrepared
    return this.canGoAlone(outgoing) ? await this.sendAlone(outgoing) : await this.sendOnConnection(outgoing)
  }

  private canGoAlone({ queries: [query, ...others], isPrepared, isWhole }: Outgoing): boolean {
    const { opening } = this.options
    if (this.isUsed || !query || others.length > 0 || !isPrepared || !isWhole) return false
    return opening.withoutBegin !== undefined && runsWithoutBegin(query.text)
  }

  private async sendOnConnection(outgoing: Outgoing): Promise<StatementResult[]> {
    const { connections, holder, opening, named } = this.options
    this.connection ??= await connections.acquire(holder)
    const { connection } = this
    this.lastSeen = connection
    outgoing.assertWanted()
    const isFirst = !this.isUsed
    if (!isFirst && !this.isOpened) throw new SettingsNotConfirmed('The transaction was not opened')
    const message = this.messageOf(outgoing, isFirst, connection.loginSettings)
    if (isFirst && opening.command) await connection.command(opening.command)
    this.isUsed = true
    this.hasBegun = !message.isAlone
    let results: readonly StatementResult[]
    try {
      results = await connection.send(message.statements, { named })
    } catch (error) {
      if (this.hasNothingToEnd(message, error, connection)) this.hasBegun = false
      // A savepoint can be taken back, and the transaction goes on.
      if (isFirst) this.confirmOpening(message, resultsBefore(error) ?? [], connection)
      throw message.meaningOf(error)
    }
    return this.confirm(message, results, connection)
  }

  /** Whether a message failed before it was sent, or with its COMMIT. */
  private hasNothingToEnd({ isWhole, statements }: Message, error: unknown, { status, fault }: State): boolean {
    if (status !== 'idle' || fault !== undefined) return false
    if (error instanceof TypeError) return true // a parameter that cannot be encoded
    return isWhole && !this.mayLeaveState && isReported(error) && indexOfFailed(error) === statements.length - 1
  }

  private async sendAlone(outgoing: Outgoing): Promise<StatementResult[]> {
    const { connections, holder, named, isWrite } = this.options
    const [query] = outgoing.queries
    if (!connections.sendWhole || !named || !query) return await this.sendOnConnection(outgoing)
    let message: Message | undefined
    const statements = () => {
      outgoing.assertWanted()
      this.isUsed = true
      message = this.messageOf(outgoing, true)
      return message.statements
    }
    let confirmed: { reply: Reply; own: StatementResult[] } | undefined
    const resultsOf = (reply: Reply) => {
      if (confirmed && isSame(confirmed.reply, reply)) return confirmed.own
      if (!message) throw new Error('The source of connections sent no message')
      if (reply.error) throw message.meaningOf(reply.error)
      confirmed = { reply, own: this.confirm(message, reply.results, reply) }
      return confirmed.own
    }
    const isConfirmed = (reply: Reply) => !isUnconfirmed(() => resultsOf(reply))
    const transaction = { holder, text: query.text, isWrite, statements, isConfirmed }
    const reply = await connections.sendWhole(transaction)
    this.lastSeen = reply
    return resultsOf(reply)
  }

  private messageOf(outgoing: Outgoing, isFirst: boolean, login?: LoginSettings): Message {
    const { queries, isPrepared, isWhole } = outgoing
    const { opening, withId } = this.options
    return new Message({
      queries,
      isPrepared,
      opening,
      isFirst,
      isWhole,
      withId,
      login,
      mayLeaveState: this.mayLeaveState,
    })
  }

  /** Compares the results with what the transaction must have done. Only then the work gets the results of its queries. */
  private confirm(message: Message, results: readonly StatementResult[], { fault, status }: State): StatementResult[] {
    const [own, ended] = message.split(results)
    this.confirmOpening(message, results, { fault })
    if (message.isWhole) this.confirmCommit(ended, status)
    else if (status !== 'transaction') throw new TransactionMisuse('The transaction ended before its work did')
    return own
  }

  /** Compares the results of the opening, if they are all there. */
  private confirmOpening(message: Message, results: readonly StatementResult[], { fault }: Pick<State, 'fault'>): void {
    if (isNotice(fault)) throw new ConnectionFailure('lost', new Error(`Protocol violation: ${fault}`))
    const opened = message.openedBy(results)
    if (opened) this.options.opening.confirm(opened)
    this.isOpened ||= opened !== undefined
  }

  private confirmCommit(results: readonly StatementResult[], status: Status): void {
    const command = results.at(-1)?.command
    if (this.hasBegun && command !== 'COMMIT') throw new ViolatedProtocol(`COMMIT was answered with ${command}`)
    if (status !== 'idle') throw new ViolatedProtocol('a transaction was open behind the last statement')
    this.isCommitted = true
    if (this.options.withId) this.transactionId = idOf(results[0])
  }
}

/** Whether a connection has a fault because another client used it. */
export const isNotice = (fault: string | undefined): boolean => fault?.startsWith('notice') ?? false

const isSame = (one: Reply, other: Reply): boolean =>
  one.results === other.results && one.status === other.status && one.fault === other.fault && one.error === other.error

/** The state of a connection behind a message. */
type State = Pick<Connection, 'status' | 'fault'>

function isUnconfirmed(work: () => unknown): boolean {
  try {
    work()
    return false
  } catch (error) {
    return error instanceof SettingsNotConfirmed
  }
}
