import type { CodeMutation } from './mutation.ts'

/** Faults that leave the state of a session to the next tenant of its connection. */
export const sessionMutations: CodeMutation[] = [
  {
    fault: 'texts of every kind that are sent',
    guarantee: 29,
    file: 'src/database/transaction-handle.ts',
    lines: [["if (origin === 'given') kindOf(text)", '']],
    test: {
      file: 'test/database/clean-connection.test.ts',
      title: 'a statement that changes the session is refused before it is sent',
    },
  },
  {
    fault: 'a comment that hides the first keyword',
    guarantee: 29,
    file: 'src/database/statement-kind.ts',
    lines: [['at = endOfComment(text, endOf(skipped, text, at))', 'at = endOf(skipped, text, at)']],
    test: { file: 'test/database/statement-kind.test.ts', title: 'is allowed as' },
  },
  {
    fault: 'a semicolon that hides a COMMIT behind it',
    guarantee: 29,
    file: 'src/database/statement-kind.ts',
    lines: [['const openings = /[ \\t', 'const openings = /[; \\t']],
    test: { file: 'test/database/statement-kind.test.ts', title: 'a text without an allowed word in front is refused' },
  },
  {
    fault: 'COMMIT without cleaning',
    guarantee: 29,
    file: 'src/database/transaction.ts',
    lines: [['mayLeaveState ? cleaning(connection.loginSettings) : []', 'mayLeaveState ? [] : []']],
    test: {
      file: 'test/database/clean-connection.test.ts',
      title: 'the next transaction of the connection finds nothing of a statement that calls a function',
    },
  },
  {
    fault: 'COMMIT without cleaning in the message of the queries',
    guarantee: 29,
    file: 'src/database/message.ts',
    lines: [['this.cleans = isWhole && mayLeaveState', 'this.cleans = false']],
    test: {
      file: 'test/database/clean-connection.test.ts',
      title: 'the next transaction of the connection finds nothing of a statement that calls a function',
    },
  },
  {
    fault: 'statement without BEGIN that is not prepared',
    guarantee: 29,
    file: 'src/database/message.ts',
    lines: [['isWhole && isPrepared && queries.length === 1', 'isWhole && queries.length === 1']],
    test: {
      file: 'test/database/without-begin.test.ts',
      title: 'has BEGIN and COMMIT, and a clean connection behind it, when it is not prepared',
    },
  },
  {
    fault: 'ROLLBACK without cleaning',
    guarantee: 29,
    file: 'src/database/transaction.ts',
    lines: [["mayLeaveState ? cleanRollback(connection.loginSettings) : 'rollback'", "'rollback'"]],
    test: {
      file: 'test/database/clean-connection.test.ts',
      title: 'is not there after a transaction that failed or only read',
    },
  },
  {
    fault: 'settings that stay on the connection',
    guarantee: 29,
    file: 'src/database/cleaning.ts',
    lines: [["  'reset all',\n", '']],
    test: { file: 'test/injection/left-behind.test.ts', title: 'a setting left behind does not reach the next tenant' },
  },
  {
    fault: 'cleaning in front of deferred triggers',
    guarantee: 29,
    file: 'src/database/cleaning.ts',
    lines: [["  'set constraints all immediate',\n", '']],
    test: {
      file: 'test/database/settings-guard.test.ts',
      title: 'a deferred constraint trigger runs while its transaction still has its tenant',
    },
  },
  {
    fault: 'a statement in place of the one that sets the tenant',
    guarantee: 29,
    file: 'src/database/cleaning.ts',
    lines: [['not exists (select', 'true or exists (select']],
    test: {
      file: 'test/injection/left-behind.test.ts',
      title: 'a statement left behind does not see the signature of the next tenant',
    },
  },
  {
    fault: 'settings that are not compared again',
    guarantee: 29,
    file: 'src/database/message.ts',
    lines: [['this.guard = isPrepared ? [] : [opening.guard()]', 'this.guard = []']],
    test: {
      file: 'test/database/settings-guard.test.ts',
      title: 'a statement that changes a setting of its transaction fails it',
    },
  },
  {
    fault: 'query of any text that shares a socket write',
    guarantee: 29,
    file: 'src/database/transaction-handle.ts',
    lines: [["isPrepared: batch.every(({ origin }) => origin === 'prepared')", 'isPrepared: true']],
    test: { file: 'test/database/side-by-side.test.ts', title: 'a transaction with BEGIN goes alone' },
  },
  {
    fault: 'transaction behind a write in one socket write',
    guarantee: 29,
    file: 'src/database/side-by-side.ts',
    // On a busy machine the write of the test is slow, and nothing follows it for that reason.
    lines: [['!transaction.isWrite && !this.slow.has(transaction.text) && ', '']],
    test: { file: 'test/database/side-by-side.test.ts', title: 'nothing follows a write' },
  },
  {
    fault: 'transaction behind a slow one in one socket write',
    guarantee: 29,
    file: 'src/database/side-by-side.ts',
    lines: [['!this.slow.has(transaction.text) && ', '']],
    test: { file: 'test/database/side-by-side.test.ts', title: 'nothing follows a statement that was slow' },
  },
  {
    fault: 'replies that go to the last transaction of a socket write',
    guarantee: 9,
    file: 'src/database/pg-connection.ts',
    lines: [
      ['const first = this.pending[0]\n    if (!first', 'const first = this.pending.at(-1)\n    if (!first'],
      ['this.pending.shift()\n    this.currentStatus', 'this.pending.pop()\n    this.currentStatus'],
    ],
    test: { file: 'test/database/side-by-side.test.ts', title: 'go in one socket write' },
  },
  {
    fault: 'opening that is not compared when its message fails in a savepoint',
    guarantee: 9,
    file: 'src/database/exchange.ts',
    lines: [
      ['if (isFirst) this.confirmOpening(message, resultsBefore(error) ?? [], connection)', 'this.isOpened = true'],
    ],
    test: {
      file: 'test/database/privileged-login.test.ts',
      title: 'from work that begins with a savepoint that fails',
    },
  },
  {
    fault: 'reply that belongs to an earlier message',
    guarantee: 9,
    file: 'src/database/pg-connection.ts',
    lines: [['!first?.batch.isAnswered', '!first']],
    test: { file: 'test/database/wire.test.ts', title: 'because the server is ready before it has answered' },
  },
  {
    fault: 'warning of another client in a later message',
    guarantee: 10,
    file: 'src/database/exchange.ts',
    lines: [['if (isNotice(fault)) throw', 'if (isNotice(fault) && !this.isOpened) throw']],
    test: { file: 'test/database/confirmation.test.ts', title: 'fails when a later message shows it' },
  },
  {
    fault: 'COMMIT beside a query that was not sent',
    guarantee: 10,
    file: 'src/database/transaction-handle.ts',
    lines: [[' && !this.scope.isExpecting', '']],
    test: {
      file: 'test/database/returned-queries.test.ts',
      title: 'beside a query that is neither returned nor awaited',
    },
  },
  {
    fault: 'unconfirmed tenant whose connection is used again',
    guarantee: 9,
    file: 'src/database/side-by-side.ts',
    lines: [['if (!one.transaction.isConfirmed(reply)) void close()', '']],
    test: {
      file: 'test/database/side-by-side-pool.test.ts',
      title: 'that is not confirmed closes its connection before one that waits gets it',
    },
  },
]
