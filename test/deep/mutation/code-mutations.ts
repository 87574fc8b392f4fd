import { callerMutations } from './caller-mutations.ts'
import { clientMutations } from './client-mutations.ts'
import { drizzleMutations } from './drizzle-mutations.ts'
import type { CodeMutation } from './mutation.ts'
import { sessionMutations } from './session-mutations.ts'

export const codeMutations: CodeMutation[] = [
  ...drizzleMutations,
  ...sessionMutations,
  ...callerMutations,
  ...clientMutations,
  {
    fault: 'tenant that stays on the connection: set_config(…, false)',
    guarantee: 8,
    file: 'src/database/tenant-opening.ts',
    lines: [['$${index + 1}, true)', '$${index + 1}, false)']],
    test: { file: 'test/database/tenant-database.test.ts', title: 'leave nothing on the connection afterwards' },
  },
  {
    fault: 'handle that is not revoked',
    guarantee: 7,
    file: 'src/database/transaction-handle.ts',
    lines: [['revoked = true', 'revoked = false']],
    test: {
      file: 'test/database/escaped-handle.test.ts',
      title: 'a stored builder that ran before, out of a read, is rejected from then on',
    },
  },
  {
    fault: 'tenant that is not compared with the confirmed one',
    guarantee: 9,
    file: 'src/database/tenant-opening.ts',
    lines: [['row?.[index] !== value', 'index < 0 && value && row']],
    test: { file: 'test/database/confirmation.test.ts', title: 'a tenant that PostgreSQL does not confirm' },
  },
  {
    fault: 'tenant that PostgreSQL does not compare before the queries',
    guarantee: 9,
    file: 'src/database/tenant-opening.ts',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: a line of the code under test
    lines: [["${calls.join(', ')}, ${isSet}", "${calls.join(', ')}"]],
    test: { file: 'test/database/tenant-guard.test.ts', title: 'fails the message before a row is written' },
  },
  {
    fault: 'query behind the COMMIT of returned queries',
    guarantee: 7,
    file: 'src/database/transaction-handle.ts',
    lines: [['if (this.isWhole) throw', 'if (this.revoked) throw']],
    test: { file: 'test/database/returned-queries.test.ts', title: 'because their COMMIT is in the message' },
  },
  {
    fault: 'read without BEGIN that is not read only',
    guarantee: 10,
    file: 'src/database/tenant-opening.ts',
    lines: [["if (mode === 'read') settings", "if (mode === 'never') settings"]],
    test: { file: 'test/database/without-begin.test.ts', title: 'is read only out of a read' },
  },
  {
    fault: 'statement of any kind without BEGIN',
    guarantee: 10,
    file: 'src/database/ending.ts',
    lines: [['const isWithoutBegin = kindsWithoutBegin.has(kindOf(text))', 'const isWithoutBegin = true']],
    test: { file: 'test/database/without-begin.test.ts', title: 'may go without BEGIN only when it cannot commit' },
  },
  {
    fault: 'message without BEGIN that ran inside of a transaction',
    guarantee: 9,
    file: 'src/database/transaction.ts',
    lines: [["if (!isOpen && fault === undefined && status !== 'idle')", "if (fault === 'never')"]],
    test: { file: 'test/database/without-begin.test.ts', title: 'on a connection inside of a transaction' },
  },
  {
    fault: 'write that succeeds when its message was not answered with COMMIT',
    guarantee: 10,
    file: 'src/database/exchange.ts',
    lines: [["command !== 'COMMIT'", "command === 'never'"]],
    test: { file: 'test/database/confirmation.test.ts', title: 'in the message of the queries fails the call' },
  },
  {
    fault: 'arrays that stay text',
    guarantee: 31,
    file: 'src/database/values.ts',
    lines: [['leftAsText.has(oid) ||', 'leftAsText.has(oid) || oid === 1000 ||']],
    test: { file: 'test/database/values.test.ts', title: 'of boolean has the elements that its type reads elsewhere' },
  },
  {
    fault: 'connections that leave the format of dates to the database',
    guarantee: 31,
    file: 'src/database/open-connection.ts',
    lines: [[" DateStyle: 'ISO, MDY',", '']],
    test: { file: 'test/database/text-formats.test.ts', title: 'changes no date for a role without defaults' },
  },
  {
    fault: 'migration without its final isolation check',
    guarantee: 27,
    file: 'src/migrate/migrate.ts',
    lines: [['      assertRowSecurity(\n', '      String(\n']],
    test: { file: 'test/migrate/migrate.test.ts', title: 'makes the migration fail with its name' },
  },
  {
    fault: 'cache without the tenant in its key',
    guarantee: 24,
    file: 'src/service/features/tasks/repository.ts',
    lines: [
      ['export const findTask', 'const cache = new Map<string, TaskRow | undefined>()\nexport const findTask'],
      [
        'one(taskById(tx, { id }))',
        `mapped(taskById(tx, { id }), ([row]) => {
           if (row) cache.set(id, row)
           return row ?? cache.get(id)
         })`,
      ],
    ],
    test: { file: 'test/service/contract.test.ts', title: 'getTask: ' },
  },
  {
    fault: '404 with another message for a foreign row',
    guarantee: 4,
    file: 'src/service/features/tasks/routes.ts',
    lines: [
      ['const toTask', 'const known = new Set<string>()\nconst toTask'],
      ['  id: row.id,', '  id: (known.add(row.id), row.id),'],
      [
        'if (!row) throw missing()',
        `if (!row) throw known.has(id) ? new ApiError('NOT_FOUND', 'Not yours') : missing()`,
      ],
    ],
    test: { file: 'test/service/contract.test.ts', title: 'getTask: ' },
  },
  {
    fault: 'rate limit without the tenant in its key',
    guarantee: 24,
    file: 'src/limits/rate-limit.ts',
    lines: [['this.store.take(', 'this.store.take(this.policy || ']],
    test: { file: 'test/limits/rate.test.ts', title: 'is separate for each tenant' },
  },
  {
    fault: 'one queue for all tenants',
    guarantee: 26,
    file: 'src/limits/bulkhead.ts',
    lines: [
      ['this.slots.get(tenantId)', "this.slots.get('')"],
      ['this.slots.set(tenantId,', "this.slots.set('',"],
    ],
    test: { file: 'test/limits/concurrency.test.ts', title: 'of one tenant does not delay the requests of another' },
  },
  {
    fault: 'last connection that goes to a tenant that has one',
    guarantee: 26,
    file: 'src/database/pool.ts',
    lines: [['    spare === 0 ||', '    spare >= 0 ||']],
    test: { file: 'test/database/pool.test.ts', title: 'is not lent to a tenant that has one' },
  },
  {
    fault: 'one share of bytes for all tenants',
    guarantee: 26,
    file: 'src/limits/byte-budget.ts',
    lines: [
      ['const share = this.shares.get(holder)', "const share = this.shares.get('')"],
      ['this.shares.set(holder, share)', "this.shares.set('', share)"],
    ],
    test: { file: 'test/limits/byte-budget.test.ts', title: 'and no other tenant' },
  },
  {
    fault: 'body that is read before its bytes are counted',
    guarantee: 26,
    file: 'src/limits/body-limits.ts',
    lines: [['const hold = reserve(c, options)', 'const hold = options.budget.hold([], 0)']],
    test: { file: 'test/limits/bytes.test.ts', title: 'that does not fit into the process is 503, and not read' },
  },
  {
    fault: 'body that is read before the caller is verified',
    guarantee: 26,
    file: 'src/service/app.ts',
    lines: [
      [
        'app.use(chain(throwErrors, rejectMalformedUrl, ...rejectHost, deadline))',
        'app.use(chain(throwErrors, rejectMalformedUrl, ...rejectHost, deadline), async (c, next) => { await c.req.arrayBuffer(); await next() })',
      ],
    ],
    test: {
      file: 'test/service/http/sockets.test.ts',
      title: 'answers a caller without a tenant before its body has arrived',
    },
  },
  {
    fault: 'replica that one slow read takes from all tenants',
    guarantee: 26,
    file: 'src/database/replica.ts',
    lines: [['cause instanceof ConnectionFailure', "'code' in cause && cause.code === 'SERVICE_UNAVAILABLE'"]],
    test: { file: 'test/database/replica/deadlines.test.ts', title: 'whose request reached its deadline' },
  },
  {
    fault: 'protocol violation that is reported before its connection is closed',
    guarantee: 8,
    file: 'src/database/transaction.ts',
    lines: [
      ['  await lastSeen?.close() // first:', '  // first:'],
      [
        '  callListener(() => options.onProtocolViolation?.(what))',
        '  options.onProtocolViolation?.(what)\n  await lastSeen?.close()',
      ],
    ],
    test: {
      file: 'test/database/listeners.test.ts',
      title: 'a protocol violation is reported after its connection was closed',
    },
  },
  {
    fault: 'pool that takes back a connection inside a transaction',
    guarantee: 8,
    file: 'src/database/pool.ts',
    lines: [["status === 'idle' &&", '']],
    test: { file: 'test/database/pool.test.ts', title: 'closes a connection that is released inside a transaction' },
  },
]
