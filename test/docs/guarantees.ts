/** A test, by file and by words of its title as the file has them. */
export interface Proof {
  file: string
  title: string
}

/** What is promised, and the tests that go red when it is broken. */
export interface Guarantee {
  number: number
  guarantee: string
  /** None: it is still to be kept. */
  tests: Proof[]
}

const proof = (file: string, title: string): Proof => ({ file: `test/${file}.test.ts`, title })

export const guarantees: Guarantee[] = [
  {
    number: 1,
    guarantee: 'No foreign read: no answer depends on another tenant’s rows',
    tests: [
      proof('properties/non-interference', 'in turn'),
      proof('properties/tenant-id', 'no spelling of a tenant’s id selects another tenant'),
      proof('properties/foreign-marks', 'no response contains a byte of another tenant'),
      proof('testing/isolation', 'no tenant reaches another tenant'),
      proof('db/row-security', 'is not returned by id, by tenant or without a condition'),
    ],
  },
  {
    number: 2,
    guarantee: 'No foreign write, also without RETURNING',
    tests: [
      proof('db/row-security', 'cannot be inserted'),
      proof('db/row-security', 'cannot result from an update of the tenant column'),
      proof('testing/isolation', 'no tenant reaches another tenant'),
    ],
  },
  {
    number: 3,
    guarantee:
      'No tenant, no data: on a fresh connection and on a used one, after commit, rollback, error, timeout and cancel',
    tests: [
      proof('db/no-tenant', 'no row is seen'),
      proof('db/no-tenant', 'no row is inserted, whatever tenant it names'),
      proof('database/tenant-database', 'a %s is refused before any SQL'),
    ],
  },
  {
    number: 4,
    guarantee: 'A foreign id equals an absent id: status, headers and body',
    tests: [
      proof('service/contract', 'every operation of the document'),
      proof('properties/every-operation', 'that get 404 with an id of another tenant'),
      proof('db/plans', 'a row is found by its primary key, tenant first'),
    ],
  },
  {
    number: 5,
    guarantee: 'The same natural key in two tenants always works',
    tests: [
      proof('db/row-security', 'works in two tenants'),
      proof('service/http/users', 'the same email is free in every other tenant'),
    ],
  },
  {
    number: 6,
    guarantee: 'Counts, totals, limits and pages are per tenant',
    tests: [
      proof('properties/pagination', 'a tenant gets each of its rows on exactly one page, while another adds rows'),
      proof('service/http/tasks', 'a tenant’s new task is never in another one’s list'),
    ],
  },
  {
    number: 7,
    guarantee: 'A transaction’s handle dies with it, on Bun and on Node',
    tests: [proof('database/escaped-handle', 'on Bun'), proof('database/escaped-handle-node', 'on Node')],
  },
  {
    number: 8,
    guarantee: 'One tenant a transaction, set once, locally, by one module',
    tests: [
      proof('database/tenant-database', 'leave nothing on the connection afterwards'),
      proof('database/pipeline', 'are not run behind one that fails'),
      proof('architecture/imports', 'only database and migrate begin transactions'),
    ],
  },
  {
    number: 9,
    guarantee: 'The tenant is confirmed; a protocol violation destroys the connection and is counted',
    tests: [
      proof('database/confirmation', 'fails the call, hands no row to the work and commits nothing'),
      proof('database/confirmation', 'a protocol violation is reported with its number'),
      proof('database/tenant-database', 'returns no rows when the tenant was not confirmed'),
      proof('database/confirmation', 'fails when a transaction was already open, and destroys the connection'),
    ],
  },
  {
    number: 10,
    guarantee: 'All or nothing; GET runs READ ONLY; success is said after COMMIT, and what is not known is 503',
    tests: [
      proof('faults/under-load', 'keep apart, lose nothing and leave nothing'),
      proof('database/tenant-database', 'is read only'),
      proof('database/confirmation', 'that loses its connection rejects with SERVICE_UNAVAILABLE and never succeeds'),
    ],
  },
  {
    number: 11,
    guarantee: 'The serving role is powerless',
    tests: [
      proof('db/powerless', 'the serving role may not'),
      proof('db/powerless', 'is a member of nothing and owns nothing'),
    ],
  },
  {
    number: 12,
    guarantee: 'Every relation with a tenant column is walled: forced row security, one policy, one fence',
    tests: [
      proof('isolation/doctor', 'finds every one of'),
      proof('cli/commands/doctor', 'on our own schema finds nothing'),
    ],
  },
  {
    number: 13,
    guarantee: 'Keys and indexes begin with the tenant, foreign keys carry it',
    tests: [
      proof('db/row-security', 'cannot be referenced: its id gives the same error as an unknown id'),
      proof('db/plans', 'a row is found by its primary key, tenant first'),
    ],
  },
  {
    number: 14,
    guarantee:
      'The tenant function is STABLE, asked once a statement, handles the empty setting, cannot be bent by search_path',
    tests: [
      proof('db/row-security', 'shows each tenant its own rows on one connection'),
      proof('db/plans', 'the tenant is read once a statement, not once a row'),
    ],
  },
  {
    number: 15,
    guarantee: 'Views are security_invoker; nothing else reaches round the policies',
    tests: [
      proof('isolation/doctor', 'finds every one of'),
      proof('isolation/start-message', 'accepts exactly the relations that are listed as shared'),
    ],
  },
  {
    number: 16,
    guarantee: 'No role and no database carries a preset tenant',
    tests: [
      proof('isolation/broken-role', 'reports a role that presets'),
      proof('isolation/broken-role', 'reports a tenant that the connection string sets'),
    ],
  },
  {
    number: 17,
    guarantee: 'No index that row security disables',
    tests: [proof('db/plans', 'the first page of a list is read from its index, without sorting')],
  },
  {
    number: 18,
    guarantee: 'Time and connection limits are defaults of the role',
    tests: [proof('db/powerless', 'has its limits by default')],
  },
  {
    number: 19,
    guarantee: 'Known holes of the server are reported',
    tests: [proof('isolation/start-message', 'warns of a server whose minor release has known vulnerabilities')],
  },
  {
    number: 20,
    guarantee: 'The service does not start on a wall with a hole; /ready is 503 when one appears',
    tests: [
      proof('runtime/start', 'with the login of a superuser is refused'),
      proof('service/http/health', '/ready is 503 while a table is unprotected'),
    ],
  },
  {
    number: 21,
    guarantee: 'The tenant comes from what was verified; production does not start without it',
    tests: [
      proof('runtime/auth', 'a start in production without authentication is refused, and names the setting'),
      proof('runtime/auth', 'a token gives access to its own tenant, and nothing else gives access to any'),
      proof('resolution/resolving', 'the response to an unauthenticated caller does not depend on the tenant'),
      proof('runtime/workers', 'without authentication serves nothing, and logs once which setting is missing'),
      proof('injection/injection', 'reads no row of another tenant with a signed tenant context'),
    ],
  },
  {
    number: 22,
    guarantee: 'Errors carry no data: in bodies, logs or traces',
    tests: [
      proof('errors/constraints', 'is reported without a value'),
      proof('runtime/log', 'and no value that it sent'),
    ],
  },
  {
    number: 23,
    guarantee: 'No SQL from input',
    tests: [proof('architecture/imports', 'features bind every value: no sql.raw, no unsafe')],
  },
  {
    number: 24,
    guarantee: 'Everything that remembers carries the tenant in its key: limits, the registry, verified tokens',
    tests: [
      proof('properties/broken-filters', 'a cache without the tenant in its key'),
      proof('limits/rate-store', 'gets a key that contains the tenant and the rate'),
      proof('auth/remember', 'is not mistaken for another token or one with a character more or less'),
    ],
  },
  {
    number: 25,
    guarantee: 'Answers are not shareable: Cache-Control: private, no-store, and Vary',
    tests: [proof('resolution/tenant', 'marks the response as private')],
  },
  {
    number: 26,
    guarantee: 'A noisy tenant is bounded: it waits behind itself, and another never meets its 429',
    tests: [
      proof('runtime/noisy-tenant', 'leaves others the rest of the pool, and waits in its own queue'),
      proof('limits/concurrency', 'of one tenant does not delay the requests of another'),
      proof('limits/rate', 'is separate for each tenant'),
    ],
  },
  {
    number: 27,
    guarantee: 'Migrations cannot weaken it',
    tests: [
      proof('migrate/migrate', 'makes the migration fail with its name'),
      proof('migrate/migrate', 'restores row-level security that was disabled'),
    ],
  },
  {
    number: 28,
    guarantee:
      'The same suite is green on PostgreSQL 15 and 18, on PGlite, and through a transaction pooler with a pool of one',
    tests: [proof('deep/engines/servers', 'the suite is green'), proof('deep/engines/pglite', 'on PGlite')],
  },
]
