import { describe, test } from 'bun:test'
import { existsSync, readdirSync } from 'node:fs'
import { pgbouncer } from '../../pooler.ts'
import { isNested, runSuite } from './run-suite.ts'

// Guarantee G28: runs the suite on another PostgreSQL and through a transaction pooler, both at the same time.

const TIMEOUT_MS = 600_000 // the whole run has its own limit
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
  'test/idempotency',
]
// The replica tests start servers of their own. The results of Node do not depend on the engine.
const without = ['test/database/replica/**', 'test/database/escaped-handle-node.test.ts']

// Slow, and covered on the packaged PostgreSQL: each breaks many databases of its own.
const slow = ['test/isolation/tenant-expression.test.ts']

// They count the transactions in a socket write, and PgBouncer 1.18 keeps no statement parsed, so each goes alone.
// test/deep/database/side-by-side-faults.test.ts goes through the pooler.
const sideBySide = ['test/database/side-by-side*.test.ts', 'test/properties/side-by-side.test.ts']

/** The oldest supported PostgreSQL from Debian's packages, unless this run uses it already. */
const folder = '/usr/lib/postgresql'
const [oldest] = (existsSync(folder) ? readdirSync(folder) : [])
  .filter((major) => Number(major) >= 15 && existsSync(`${folder}/${major}/bin/postgres`))
  .toSorted((one, other) => Number(one) - Number(other))
const bin = `${folder}/${oldest}/bin`
const hasOther = oldest !== undefined && process.env.TEST_POSTGRES_BIN !== bin

/** Tests that need more than one server connection, or whose response comes from the pooler, each with the reason. */
const notThroughPooler = {
  'does not join a concurrent transaction of the same tenant': 'two transactions wait for each other',
  'is rejected in the transaction of another tenant': 'two transactions wait for each other',
  'succeeds after a deadlock with another one': 'two transactions wait for each other',
  'of another database is a transaction of its own, which others join': 'two transactions at once',
  'the numbers of a pool are those of its connections': 'two transactions at once',
  'waits for a lock for two lock timeouts and then fails':
    'two transactions at once, and PgBouncer rejects settings in the URL',
  'rejects with SERVICE_UNAVAILABLE when it refuses the password': 'PgBouncer rejects the password with another code',
  'a connection per transaction is closed after the transaction': 'PgBouncer keeps its server connection open',
  'a connection that was released twice is not lent twice': 'the test identifies clients by their server connections',
  'opens at most as many connections as its size': 'the test counts clients by their server connections',
  'replaces a connection that reached its lifetime': 'the test identifies clients by their server connections',
  'has the same name on every connection': 'PgBouncer renames prepared statements',
  'is closed when there are too many, the least recently used first': 'PgBouncer closes statements itself',
  'is sent again unnamed when the server lost it': 'PgBouncer closes the connection of a client that deallocates',
  'is not created with prepare=false in the URL': 'the server connection has statements of other clients',
  'while a request is under way, the same key is 409': 'two transactions at once',
  'cannot claim a key that another transaction of its tenant': 'two transactions at once',
  'that holds the claim of another tenant under the same key does not stop it': 'two transactions at once',
  'LOCK TABLE makes other tenants wait until its transaction ends': 'two transactions wait for each other',
  'a SELECT can end the transaction of another tenant': 'one transaction ends another one',
  'a setting in the URL of a connection stays': 'PgBouncer rejects settings in the URL',
  'is not created for a statement that must be parsed each time': 'PgBouncer renames or has no prepared statements',
  'leave nothing on the connection afterwards': 'the server connection of a new client was used before',
}

const skip = (reason: string) => process.stderr.write(`${reason}: these tests of test/deep/engines are skipped.\n`)
if (!pgbouncer) skip('PgBouncer is not installed')
if (!hasOther) skip(`No other PostgreSQL is installed in ${folder}`)

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
        without: [...without, ...sideBySide],
        withoutTests: Object.keys(notThroughPooler),
        environment: { TEST_POOLER: '1' },
      }),
    TIMEOUT_MS,
  )
})
