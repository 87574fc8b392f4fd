import type { CodeMutation } from './mutation.ts'

/** Faults in what a transaction offers besides queries: savepoints, streams, functions after COMMIT, the logger. */
export const drizzleMutations: CodeMutation[] = [
  {
    fault: 'savepoint that can be used after its end',
    guarantee: 7,
    file: 'src/database/scope.ts',
    lines: [['if (this.isOver) throw new TransactionMisuse(isOver)', '']],
    test: { file: 'test/database/savepoint.test.ts', title: 'throws after it, before anything is sent' },
  },
  {
    fault: 'transaction that can be used while a savepoint in it is open',
    guarantee: 10,
    file: 'src/database/scope.ts',
    lines: [['if (this.inner) throw new TransactionMisuse(isAround)', '']],
    test: { file: 'test/database/savepoint.test.ts', title: 'is the only usable one while its savepoint is open' },
  },
  {
    fault: 'call that joins the savepoint of another database',
    guarantee: 8,
    file: 'src/database/scope.ts',
    lines: [['scope.queue === this.queue && ', '']],
    test: {
      file: 'test/database/savepoint.test.ts',
      title: 'of another database is a transaction of its own, which others join',
    },
  },
  {
    fault: 'stream of a statement of any kind',
    guarantee: 29,
    file: 'src/database/stream.ts',
    lines: [["kind !== 'SELECT' && kind !== 'WITH'", "kind === 'LOCK'"]],
    test: { file: 'test/database/stream.test.ts', title: 'for a statement that is no SELECT' },
  },
  {
    fault: 'function after COMMIT of a savepoint that was taken back',
    guarantee: 10,
    file: 'src/database/scope.ts',
    lines: [
      [
        '    if (this.cause) {\n      if (isSent',
        '    outer.hooks.push(...this.hooks)\n    if (this.cause) {\n      if (isSent',
      ],
    ],
    test: { file: 'test/database/after-commit.test.ts', title: 'is dropped with the savepoint that is taken back' },
  },
  {
    fault: 'value of $defaultFn that all calls of a prepared insert share',
    guarantee: 8,
    file: 'src/database/exact-dialect.ts',
    lines: [['if (!this.isForPrepared || select)', 'if (table)']],
    test: { file: 'test/database/prepared-values.test.ts', title: 'is a new one for each call of a prepared insert' },
  },
  {
    fault: 'values in what the logger receives',
    guarantee: 22,
    file: 'src/database/scope.ts',
    lines: [['statement.text, queue', 'statement.text + JSON.stringify(statement.parameters), queue']],
    test: { file: 'test/database/query-logger.test.ts', title: 'never receives a value' },
  },
]
