import { describe, test } from 'bun:test'
import { existsSync, readdirSync } from 'node:fs'
import { pgbouncer } from '../../pooler.ts'
import { isNested, runSuite } from './run-suite.ts'

// Guarantee G28: the same suite on another PostgreSQL and through a transaction pooler. The two run at the same time.

const TIMEOUT_MS = 180_000
const core = [
  'test/verify/engine.test.ts',
  'test/service/http',
  'test/service/contract.test.ts',
  'test/errors',
  'test/testing/contract.test.ts',
  'test/testing/isolation.test.ts',
  'test/properties',
  'test/context',
  'test/resolution',
  'test/database',
  'test/injection',
]
// The replica has servers of its own; broken policies and Node need not be tried on every engine.
const without = [
  'test/database/replica/**',
  'test/properties/broken-filters.test.ts',
  'test/database/escaped-handle-node.test.ts',
]

// Each breaks databases of its own, as every nested run has to; what the doctor finds is held by test/isolation.
const slow = [
  'test/isolation/tenant-expression.test.ts',
  ...['objects', 'privileges', 'role', 'tables'].map((name) => `test/isolation/broken-${name}.test.ts`),
]

/** The oldest supported PostgreSQL that Debian's packages have put here, if this run is not on it already. */
const folder = '/usr/lib/postgresql'
const [oldest] = (existsSync(folder) ? readdirSync(folder) : [])
  .filter((major) => Number(major) >= 14 && existsSync(`${folder}/${major}/bin/postgres`))
  .toSorted((one, other) => Number(one) - Number(other))
const bin = `${folder}/${oldest}/bin`
const hasOther = oldest !== undefined && process.env.TEST_POSTGRES_BIN !== bin

/** Tests that one connection of the server cannot run, or whose answer comes from the pooler; with the reason. */
const notThroughPooler = {
  'does not join a concurrent transaction of the same tenant': 'two transactions wait for one another',
  'is rejected in the transaction of another tenant': 'two transactions wait for one another',
  'succeeds after a deadlock with another one': 'two transactions wait for one another',
  'waits for a lock for two lock timeouts and then fails': 'two transactions at once; settings in the URL are refused',
  'rejects with SERVICE_UNAVAILABLE when it refuses the password': 'PgBouncer refuses it, with a code of its own',
  'a connection per transaction is closed after the transaction': 'the connection of the server stays open',
  'a connection that was released twice is not lent twice': 'clients are told apart by their connections of the server',
  'opens at most as many connections as its size': 'clients are counted by their connections of the server',
  'replaces a connection that reached its lifetime': 'clients are told apart by their connections of the server',
  'has the same name on every connection': 'PgBouncer gives it another',
  'is closed when there are too many, the least recently used first': 'PgBouncer closes it itself',
  'is sent again unnamed when the server lost it': 'PgBouncer ends the session of who deallocates',
  'is not created with prepare=false in the URL': 'of a connection that others have used before',
  'leave nothing on the connection afterwards': 'a new client’s connection of the server has been used before',
}

const skipped = (why: string) => process.stderr.write(`${why}: that part of test/engines is skipped.\n`)
if (!pgbouncer) skipped('PgBouncer is not installed')
if (!hasOther) skipped(`No other PostgreSQL is installed in ${folder}`)

describe.skipIf(isNested)('the suite is green', () => {
  test.skipIf(!hasOther).concurrent(
    `on PostgreSQL ${oldest ?? 'of another major version'}`,
    () =>
      runSuite({
        paths: [...core, 'test/testing/isolation-schemas.test.ts', 'test/db', 'test/isolation'],
        without: [...without, ...slow],
        environment: { TEST_POSTGRES_BIN: bin, TEST_DATABASE_URL: undefined, TEST_POOLER: undefined },
      }),
    TIMEOUT_MS,
  )

  test.skipIf(!pgbouncer).concurrent(
    'through a transaction pooler with one connection',
    () =>
      runSuite({
        paths: core,
        without,
        withoutTests: Object.keys(notThroughPooler),
        environment: { TEST_POOLER: '1' },
      }),
    TIMEOUT_MS,
  )
})
