import { cleaning, failureOfCleaning } from './cleaning.ts'
import type { LoginSettings } from './connection.ts'
import { ending, endingAlone, runsWithoutBegin } from './ending.ts'
import { guardFailure } from './not-confirmed.ts'
import type { Opening } from './opening.ts'
import { isRefusedAt, settingsChanged } from './settings-guard.ts'
import type { Statement, StatementResult } from './statement.ts'

export interface MessageOptions {
  /** The queries of the work. */
  queries: readonly Statement[]
  /** Whether all of them are `prepared`: others can change settings, and leave state behind. */
  isPrepared: boolean
  opening: Opening
  /** Whether it is the first message of the transaction, which the opening begins. */
  isFirst: boolean
  /** Whether the queries are all of the transaction, or its last ones: its end is in the message. */
  isWhole: boolean
  /** Whether a query of the transaction is not `prepared`. */
  mayLeaveState: boolean
  /** Whether the id of the transaction is queried before its end. */
  withId: boolean
  login: LoginSettings | undefined
}

/** The statements that are sent together, up to one Sync. */
export class Message {
  readonly statements: readonly Statement[]
  /** Whether it needs no BEGIN: `prepared` text of a kind that cannot commit. */
  readonly isAlone: boolean
  readonly isWhole: boolean
  private readonly first: readonly Statement[]
  private readonly guard: readonly Statement[]
  private readonly cleans: boolean

  constructor(private readonly options: MessageOptions) {
    const { queries, isPrepared, opening, isFirst, isWhole, mayLeaveState, withId, login } = options
    const [query] = isFirst && isWhole && isPrepared && queries.length === 1 ? queries : []
    const alone = query && runsWithoutBegin(query.text) ? opening.withoutBegin : undefined
    this.isAlone = alone !== undefined
    this.isWhole = isWhole
    this.first = isFirst ? (alone ?? opening.statements)() : []
    this.guard = isPrepared ? [] : [opening.guard()]
    this.cleans = isWhole && mayLeaveState
    const whole = () => ending(withId, this.cleans ? cleaning(login) : [])
    const end = this.isAlone ? endingAlone(withId) : isWhole ? whole() : []
    this.statements = [...this.first, ...queries, ...this.guard, ...end]
  }

  /** The results of the queries, and of the end. */
  split(results: readonly StatementResult[]): [StatementResult[], StatementResult[]] {
    const start = this.first.length
    const end = start + this.options.queries.length
    return [results.slice(start, end), results.slice(end + this.guard.length)]
  }

  /** The results of the opening; undefined where it is not in the message, or has not answered as a whole. */
  openedBy(results: readonly StatementResult[]): readonly StatementResult[] | undefined {
    const { length } = this.first
    return length > 0 && results.length >= length ? results.slice(0, length) : undefined
  }

  /** What the failure of the message means for the transaction. */
  meaningOf(error: unknown): unknown {
    const { queries } = this.options
    const behind = this.first.length + queries.length
    if (this.guard.length > 0 && isRefusedAt(error, behind)) return settingsChanged()
    const notConfirmed = guardFailure(error, this.first.length)
    if (notConfirmed || !this.cleans) return notConfirmed ?? error
    return failureOfCleaning(error, this.statements.length - 2) // COMMIT is the last one
  }
}
