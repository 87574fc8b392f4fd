/** A test, by its file and words of its title. */
export interface Proof {
  file: string
  /** As in the report of a run: titles of `describe` and `test` have ` > ` between them, and may be cut short. */
  title: string
}

/** The sections of docs/guarantees.md, in order. */
export const topics = {
  data: { title: 'Data', about: 'Which rows a tenant can read and write.' },
  handle: { title: 'Transactions', about: 'How a transaction gets its tenant, and how it ends.' },
  database: {
    title: 'Database',
    about: 'What PostgreSQL enforces, and what a database must look like for it. `rowhouse doctor` inspects it.',
  },
  service: { title: 'Service', about: 'What the service does around the database.' },
}

export interface Guarantee {
  /** Stable: code, tests and findings refer to it. */
  number: number
  topic: keyof typeof topics
  title: string
  /** What is guaranteed, in one sentence or two. */
  text: string
  /** The tests that fail when it is broken. */
  tests: [Proof, ...Proof[]]
}

const proof = (file: string, title: string): Proof => ({ file: `test/${file}.test.ts`, title })

export const guarantees: Guarantee[] = [
  {
    number: 1,
    topic: 'data',
    title: 'No foreign reads',
    text: 'No response to a tenant depends on rows of another tenant. This covers lists, counts, single resources, filters, sort orders, errors and headers.',
    tests: [
      proof(
        'testing/isolation-one-message',
        "no tenant reaches another tenant's rows in one message, and every statement has the result that it has in several",
      ),
      proof(
        'properties/non-interference',
        'the responses to one tenant do not depend on the rows of another > in turn',
      ),
      proof('properties/tenant-id', 'no spelling of a tenant’s id selects another tenant'),
      proof('properties/foreign-marks', 'no response contains a byte of another tenant'),
      proof('testing/isolation', "no tenant reaches another tenant's rows"),
      proof('db/row-security', 'another tenant’s row > is not returned by id, by tenant or without a condition'),
      proof('tenant-ids/isolation', 'ids of type uuid > tenants with similar ids see their own rows only'),
      proof('tenant-ids/isolation', 'ids of type text > tenants with similar ids see their own rows only'),
      proof('tenant-ids/isolation', 'ids of type bigint > tenants with similar ids see their own rows only'),
      proof('tenant-ids/requests', 'text ids that differ in case > are two tenants to the claims of a caller'),
    ],
  },
  {
    number: 2,
    topic: 'data',
    title: 'No foreign writes',
    text: 'A tenant cannot create, change, move, reference or delete a row of another tenant, with RETURNING or without.',
    tests: [
      proof(
        'testing/isolation-one-message',
        "no tenant reaches another tenant's rows in one message, and every statement has the result that it has in several",
      ),
      proof('db/row-security', 'another tenant’s row > cannot be inserted'),
      proof('db/row-security', 'another tenant’s row > cannot result from an update of the tenant column'),
      proof('testing/isolation', "no tenant reaches another tenant's rows"),
      proof('tenant-ids/isolation', 'ids of type text > no statement reaches rows of another tenant'),
      proof('tenant-ids/isolation', 'ids of type bigint > no statement reaches rows of another tenant'),
    ],
  },
  {
    number: 3,
    topic: 'data',
    title: 'No tenant, no data',
    text: 'Without a tenant, PostgreSQL returns no row of a tenant table, changes no row and rejects every insert, whatever ran on the connection before. The tenant database throws an error before it sends any SQL.',
    tests: [
      proof('db/no-tenant', 'without a tenant, on %s > no row is seen'),
      proof('db/no-tenant', 'without a tenant, on %s > no row is changed or deleted'),
      proof('db/no-tenant', 'without a tenant, on %s > no row is inserted, whatever tenant it names'),
      proof('database/tenant-database', 'without a tenant > a %s is refused before any SQL'),
      proof('tenant-ids/isolation', 'ids of type text > no row is visible with the empty setting'),
      proof('tenant-ids/isolation', 'ids of type bigint > no row is visible with the empty setting'),
    ],
  },
  {
    number: 4,
    topic: 'data',
    title: 'A foreign id equals an unknown id',
    text: 'The response to an id of another tenant has the same status, headers and body as the response to an id that does not exist. Only the request id, the time and the path differ. The tenant directory is asked only for tenants that the caller may act for, so neither the response nor its time shows whether another tenant exists.',
    tests: [
      proof('resolution/foreign-tenants', 'costs no query when it is named by its id'),
      proof('resolution/foreign-tenants', 'costs no query either when others have just used it'),
      proof('service/contract', 'every operation of the document'),
      proof('properties/every-operation', 'that get 404 with an id of another tenant'),
      proof('db/plans', 'a row is found by its primary key, tenant first'),
      proof(
        'deep/directory/tenant-ids',
        'a text id that is the slug of another tenant opens its own tenant only, by a claim and by a header',
      ),
      proof('resolution/claimed-roles', 'the roles of a claim cost no lookup'),
    ],
  },
  {
    number: 5,
    topic: 'data',
    title: 'Natural keys are per tenant',
    text: 'Two tenants can use the same natural key, such as an email address. A response about a conflict never depends on rows of another tenant.',
    tests: [
      proof('db/row-security', 'the same natural key > works in two tenants'),
      proof('service/http/users', 'the same email is free in every other tenant'),
      proof(
        'tenant-ids/isolation',
        'ids of type text > the same natural key works in two tenants, and is unique in each',
      ),
      proof(
        'tenant-ids/isolation',
        'ids of type bigint > the same natural key works in two tenants, and is unique in each',
      ),
    ],
  },
  {
    number: 6,
    topic: 'data',
    title: 'Counts and pages are per tenant',
    text: 'Counts, totals, limits and pages are computed from the rows of one tenant. A cursor is valid for its tenant, path, sort and filters alone, and reveals no value.',
    tests: [
      proof('properties/pagination', 'a tenant gets each of its rows on exactly one page, while another adds rows'),
      proof('service/http/tasks', 'a tenant’s new task is never in another one’s list'),
      proof('lists/cases/isolation', 'two tenants with equal ids walk their own rows'),
      proof('lists/cases/isolation', 'a filter finds no row of another tenant and counts none'),
      proof('lists/cases/isolation', 'a cursor of another tenant is answered as one that nobody got'),
      proof('lists/cases/tokens', 'of another tenant, also where both have the same rows'),
      proof('lists/cases/tokens', 'a cursor reveals no value of a row'),
      proof('lists/token', 'every changed byte makes a cursor invalid'),
    ],
  },
  {
    number: 7,
    topic: 'handle',
    title: 'A handle ends with its transaction',
    text: 'When a transaction ends, every call on its handle throws before it sends anything. This keeps a late query out of the next tenant’s transaction, on Bun and on Node.js.',
    tests: [proof('database/escaped-handle', 'on Bun'), proof('database/escaped-handle-node', 'on Node')],
  },
  {
    number: 8,
    topic: 'handle',
    title: 'One tenant for each transaction',
    text: 'A transaction has one tenant. A single module sets it, once and only for this transaction, and no other code gets a connection from the pool. With a signing key, `tenancy.current_actor()` returns the signed actor only, and a statement that finds another actor or request id loses the tenant.',
    tests: [
      proof('database/tenant-database', 'the settings of a transaction > leave nothing on the connection afterwards'),
      proof('database/pipeline', 'statements that are sent together > are not run behind one that fails'),
      proof('architecture/imports', 'only database and migrate begin transactions'),
      proof('database/pool', 'closes a connection that is released inside a transaction'),
      proof('database/listeners', 'a protocol violation is reported after its connection was closed'),
      proof('tenant-ids/isolation', 'ids of type uuid > a context of another type is refused before any SQL'),
      proof('database/signed-actor', 'a signed tenant context > loses the tenant with'),
      proof('injection/actor', 'no trigger %s a row takes a forged actor from tenancy.current_actor()'),
    ],
  },
  {
    number: 9,
    topic: 'handle',
    title: 'PostgreSQL confirms the tenant',
    text: 'PostgreSQL compares the tenant with the requested one before the queries run, and the tenant that it confirms is compared again before any row is returned, for each of the transactions that share a socket write. A mismatch or another protocol violation fails the call, closes the connection and is counted.',
    tests: [
      proof('database/confirmation', 'of work that returns'),
      proof('database/side-by-side-pool', 'gives no row when PostgreSQL confirms'),
      proof('database/side-by-side-pool', 'gives no row of another one whose reply it gets'),
      proof('database/side-by-side-pool', 'writes no row when PostgreSQL does not set its tenant'),
      proof('database/side-by-side-pool', 'that is not confirmed closes its connection before one that waits gets it'),
      proof(
        'database/confirmation',
        'a tenant that PostgreSQL does not confirm > fails the call, hands no row to the work and commits nothing',
      ),
      proof(
        'database/confirmation',
        'a tenant that PostgreSQL does not confirm > fails work that begins with a savepoint that fails',
      ),
      proof('database/privileged-login', 'returns no rows from work that begins with a savepoint that fails'),
      proof('database/wire', 'because the server is ready before it has answered fails the call'),
      proof('tenant-ids/isolation', 'on a database that verifies no signatures, a call fails and writes no row'),
      proof('database/confirmation', 'a protocol violation is reported with its number'),
      proof(
        'database/returned-queries',
        'queries that the work returns > give no rows when the tenant was not confirmed',
      ),
      proof(
        'database/tenant-guard',
        'a tenant that PostgreSQL does not set > fails the message before a row is written',
      ),
      proof(
        'database/without-begin',
        'a message without BEGIN > on a connection inside of a transaction destroys the connection',
      ),
      proof(
        'database/confirmation',
        'a transaction whose connection another client used > fails when a transaction was already open, and destroys the connection',
      ),
    ],
  },
  {
    number: 10,
    topic: 'handle',
    title: 'All or nothing',
    text: 'A write succeeds only after PostgreSQL has confirmed its COMMIT, and a failed transaction leaves no change. A write whose outcome is unknown, because its connection or its request ended while it was on its way, gives 503, and GET and HEAD run in a READ ONLY transaction.',
    tests: [
      proof('database/returned-queries', 'commit nothing beside a query that is neither returned nor awaited'),
      proof('database/confirmation', 'fails when a later message shows it, and calls no function'),
      proof('database/side-by-side-faults', 'lose, double and mix up nothing'),
      proof('deep/database/side-by-side-faults', '100,000 calls side by side'),
      proof('database/wire', 'in the middle of a row gives that row to nobody'),
      proof('database/side-by-side-pool', 'does not succeed when its connection is in status'),
      proof('faults/under-load', 'thirty tenants on four connections keep apart, lose nothing and leave nothing'),
      proof('database/tenant-database', 'a read > is read only'),
      proof('database/without-begin', 'a message without BEGIN > is read only out of a read'),
      proof(
        'database/without-begin',
        'a message without BEGIN > that a deferred constraint refuses behind its last statement fails',
      ),
      proof(
        'database/confirmation',
        'a commit > that loses its connection rejects with SERVICE_UNAVAILABLE and never succeeds',
      ),
    ],
  },
  {
    number: 11,
    topic: 'database',
    title: 'The serving role is powerless',
    text: 'The role that the service logs in with has no attribute but LOGIN, owns nothing and is a member of no other role. It may read and write rows, and may not update the tenant column, `id` or `created_at`. Only the logins of a database may connect to it: a role that exists with another password gets nothing.',
    tests: [
      proof('db/powerless', 'the serving role may not'),
      proof('db/powerless', 'the serving role > is a member of nothing and owns nothing'),
      proof('deep/migrate/role-names', 'each refuses the serving role of the other'),
      proof('deep/migrate/role-names', 'each refuses the administrative and the backup role of the other'),
      proof('migrate/connect-privilege', 'closes the database for a login without privileges in it'),
      proof(
        'deep/cli/migrate-login',
        'refuses a role that exists with another password before it changes the database',
      ),
      proof('migrate/migrate-roles', 'is no role that exists with %s'),
    ],
  },
  {
    number: 12,
    topic: 'database',
    title: 'Every tenant table is protected',
    text: 'Every table with a tenant column is protected: row-level security is enabled and forced, with one permissive and one restrictive policy that compare the tenant column with the current tenant. The tenant column has the type of the tenant ids: uuid, text with the collation "C", or bigint. The serving role reaches a table without this column only when it is listed as shared. Tables that the database itself writes belong to the recorder: row-level security is enabled and not forced on these alone, and nobody is a member of the recorder.',
    tests: [
      proof('isolation/doctor', 'in a third-party database the doctor > finds every one of'),
      proof('cli/commands/doctor', 'rowhouse doctor > on our own schema finds nothing but an outdated server release'),
      proof(
        'tenant-ids/isolation',
        'ids of type text > a table whose tenant column has another type or collation is not protected',
      ),
      proof('db/directory-role', 'row-level security is enabled on every table of the recorder'),
      proof('db/directory-role', 'nobody but the recorder writes the history: %s'),
      proof('isolation/recording', 'the check of what tables record > reports: %s'),
      proof('isolation/recording', 'the check of the audit trail > reports: %s'),
      proof('deep/isolation/broken-directory', 'reports a recorder with a member'),
    ],
  },
  {
    number: 13,
    topic: 'database',
    title: 'Keys begin with the tenant',
    text: 'Every key and every index of a tenant table begins with the tenant column. Every foreign key between tenant tables includes it on both sides.',
    tests: [
      proof(
        'db/row-security',
        'another tenant’s row > cannot be referenced: its id gives the same error as an unknown id',
      ),
      proof('db/plans', 'a row is found by its primary key, tenant first'),
    ],
  },
  {
    number: 14,
    topic: 'database',
    title: 'The current tenant is read reliably',
    text: 'The function that returns the current tenant is STABLE, and policies call it once for each statement. It returns null for an empty setting and does not depend on `search_path`.',
    tests: [
      proof('db/row-security', 'a prepared statement > shows each tenant its own rows on one connection'),
      proof('db/plans', 'the tenant is read once a statement, not once a row'),
    ],
  },
  {
    number: 15,
    topic: 'database',
    title: 'Nothing bypasses the policies',
    text: 'Views run with the rights of the role that queries them (`security_invoker`). The serving role reaches no materialized view, foreign table, SECURITY DEFINER function or other object that bypasses policies, unless it is listed as shared.',
    tests: [
      proof('isolation/doctor', 'in a third-party database the doctor > finds every one of'),
      proof('isolation/start-message', 'accepts exactly the relations that are listed as shared'),
    ],
  },
  {
    number: 16,
    topic: 'database',
    title: 'No preset tenant',
    text: 'Neither the serving role nor the database has a default for the tenant setting or for `row_security`. A new session has no tenant.',
    tests: [
      proof('deep/isolation/broken-role', 'the isolation check of a role > reports a role that presets %s'),
      proof(
        'deep/isolation/broken-role',
        'the isolation check of a role > reports a tenant that the connection string sets',
      ),
    ],
  },
  {
    number: 17,
    topic: 'database',
    title: 'Policies do not disable indexes',
    text: 'The operators and functions of every index are LEAKPROOF, so that PostgreSQL can use the index under row-level security.',
    tests: [proof('db/plans', 'the first page of a list is read from its index, without sorting')],
  },
  {
    number: 18,
    topic: 'database',
    title: 'The serving role has limits',
    text: 'The serving role has default time limits for statements, locks and idle transactions, and a connection limit.',
    tests: [proof('db/powerless', 'the serving role > has its limits by default')],
  },
  {
    number: 19,
    topic: 'database',
    title: 'Vulnerable servers are reported',
    text: 'The isolation check warns of a server whose minor release has known vulnerabilities in row-level security.',
    tests: [proof('isolation/start-message', 'warns of a server whose minor release has known vulnerabilities')],
  },
  {
    number: 20,
    topic: 'service',
    title: 'No start without isolation',
    text: 'The service does not start when the isolation check finds an error, and its message says what to do. `/ready` responds with 503 when the check finds one later.',
    tests: [
      proof('runtime/start', 'with the login of a superuser is refused'),
      proof('service/http/health', '/ready is 503 while a table is unprotected'),
    ],
  },
  {
    number: 21,
    topic: 'service',
    title: 'The tenant is verified',
    text: 'The tenant of a request is compared with the tenants of its verified caller, and only with those of its own kind: id, slug, external id or domain. In production the service does not start without authentication, unless `ALLOW_UNVERIFIED` is set. While callers are unverified, a request for a foreign Host is refused, so that no page reaches the service by DNS rebinding.',
    tests: [
      proof('runtime/auth', 'a start in production without authentication is refused, and names the setting'),
      proof('runtime/auth', 'a token gives access to its own tenant, and nothing else gives access to any'),
      proof('resolution/resolving', 'the response to an unauthenticated caller does not depend on the tenant'),
      proof('deep/runtime/workers', 'without authentication serves nothing, and logs once which setting is missing'),
      proof('injection/injection', 'reads no row of another tenant with a signed tenant context'),
      proof(
        'injection/whole-statements',
        'reaches no row of another tenant in its transaction with a signed tenant context',
      ),
      proof('service/middleware/reject-foreign-host', 'rejects a request for the foreign Host'),
      proof('runtime/auth', 'a service of unverified callers rejects a foreign Host'),
      proof(
        'deep/directory/tenant-ids',
        'a text id that is the slug of another tenant opens its own tenant only, by a claim and by a header',
      ),
      proof('resolution/foreign-tenants', 'opens nothing: an external id that is the'),
      proof('auth/one-of', 'refuses a request with'),
      proof('auth/session', 'keeps nothing: a session that ended'),
      proof(
        'auth/tenant-claims',
        'keeps kinds apart: an external id that is the slug of another tenant does not open that tenant',
      ),
      proof(
        'auth/tenant-claims',
        'keeps kinds apart: an external id that is the id of another tenant does not open that tenant',
      ),
      proof('auth/gateway', 'gateway() > rejects the header with the secret as the one with the actor'),
      proof('directory/tenant-names', 'opens no other tenant to a token that names it'),
      proof('directory/tenant-names', 'gets no former %s that it saw in use'),
    ],
  },
  {
    number: 22,
    topic: 'service',
    title: 'Errors contain no data',
    text: 'Error responses and logs contain no SQL, no values of a request or a row, and no parameters. A response contains no stack trace.',
    tests: [
      proof('errors/constraints', 'a violation of %s is reported without a value'),
      proof('runtime/log', 'has the tenant and the route of a request, and no value that it sent'),
    ],
  },
  {
    number: 23,
    topic: 'service',
    title: 'No SQL from input',
    text: 'Features bind every value as a parameter. They cannot build SQL text from input.',
    tests: [proof('architecture/imports', 'features bind every value: no sql.raw, no unsafe')],
  },
  {
    number: 24,
    topic: 'service',
    title: 'Every cache key contains the tenant',
    text: 'Whatever is kept between requests has the tenant in its key: rate limits, request queues and answers of the tenant directory. The key of a verified token is the whole token, signature included.',
    tests: [
      proof('deep/properties/broken-filters', 'a cache without the tenant in its key'),
      proof('limits/rate-store', 'a custom store > gets a key that contains the tenant and the rate'),
      proof('auth/remember', 'is not mistaken for another token or one with a character more or less'),
      proof('resolution/foreign-tenants', 'has answers of its own in the cache'),
      proof('tenant-ids/kit', 'each tenant has requests, slots and bytes of its own'),
    ],
  },
  {
    number: 25,
    topic: 'service',
    title: 'Responses are private',
    text: 'A response with tenant data has `Cache-Control: private, no-store`, `private, no-cache` where it has an `ETag`, or a private one of its handler, and a `Vary` header with the headers that select the tenant. A tag belongs to its tenant, so no cache shows one tenant’s row to another. A shareable one is made private unless its route opted out by name.',
    tests: [
      proof('resolution/tenant', 'the tenant middleware > marks the response as private'),
      proof('resolution/tenant', 'a response that a shared cache could keep > is made private'),
      proof('service/http/etags', 'a row with the id and the times of another tenant has a tag of its own'),
      proof('service/http/etags', 'a list and a failure have no ETag, and are not kept'),
      proof('service/http/etags', '304 to a caller with a token names the header of the token in Vary'),
      proof(
        'service/http/conditions',
        'of another tenant is answered as one that does not exist, whatever the condition',
      ),
      proof('deep/http/browser-cache', 'the cache of Chromium keeps a user, and gives it to no tenant'),
    ],
  },
  {
    number: 26,
    topic: 'service',
    title: 'A noisy tenant delays itself',
    text: 'A tenant with too many requests waits in its own queue, and a tenant without a request always finds a connection. The bytes of bodies and of unread responses are limited for each tenant, each actor and the process, and no body is read before its caller is verified. Many unknown tenants, slow reads of the replica and made-up key ids take nothing from others. No other tenant gets a 429 or a 503 because of one tenant or one actor.',
    tests: [
      proof('runtime/noisy-tenant', 'a noisy tenant leaves others the rest of the pool, and waits in its own queue'),
      proof('runtime/noisy-tenant', 'five slow tenants leave a connection to a sixth'),
      proof('limits/concurrency', 'the concurrency limit of an actor > counts its requests to all tenants'),
      proof('limits/bytes', 'a body > of a caller who is not verified is not read'),
      proof('limits/bytes', 'a body > beyond the share of its tenant is 429, and of another tenant is read'),
      proof(
        'limits/bytes',
        'a large response > of a tenant that has used its share is 429 before any work, and of another tenant is sent',
      ),
      proof('resolution/directory-flood', 'displace no tenant from the cache'),
      proof('resolution/directory-flood', 'of one caller wait up to a hundred at a time'),
      proof('database/replica/deadlines', 'whose request reached its deadline'),
      proof('auth/rotation', 'although a token with a made-up kid came just before the rotation'),
      proof('limits/concurrency', 'the concurrency limit > of one tenant does not delay the requests of another'),
      proof('limits/rate', 'a rate > is separate for each tenant'),
    ],
  },
  {
    number: 27,
    topic: 'service',
    title: 'Migrations keep the protection',
    text: 'A migration fails, and names the table, when a tenant table is unprotected at its end. It restores row-level security that was disabled.',
    tests: [
      proof('migrate/migrate', 'makes the migration fail with its name'),
      proof('migrate/migrate', 'restores row-level security that was disabled'),
      proof('deep/migrate/all-rows', 'a migration that changes rows is an error for an owner that FORCE binds'),
      proof(
        'deep/migrate/outside-transaction',
        'the serving role reaches no unprotected table between the transactions of a migration',
      ),
      proof('deep/migrate/planted-objects', 'does not run with the rights of a superuser that migrates'),
      proof('deep/migrate/older-databases', 'leads to a database without findings after rowhouse upgrade and migrate'),
    ],
  },
  {
    number: 28,
    topic: 'service',
    title: 'The same on every engine',
    text: 'The same tests pass on PostgreSQL 15 and 18, on PGlite, and through a transaction pooler with one server connection. Those that depend on the type of tenant ids pass with uuid, text and bigint.',
    tests: [
      proof('deep/engines/servers', 'the suite is green > on PostgreSQL'),
      proof('deep/engines/servers', 'the suite is green > through a transaction pooler with one connection'),
      proof('deep/engines/pglite', 'on PGlite'),
      proof('deep/tenant-ids/suite', 'the suite is green > with tenant ids of type text'),
      proof('deep/tenant-ids/suite', 'the suite is green > with tenant ids of type bigint'),
    ],
  },
  {
    number: 29,
    topic: 'handle',
    title: 'A connection is clean when the next tenant gets it',
    text: 'A transaction contains only statements of a list. What a function leaves behind (settings, channels, session advisory locks, cursors, temporary tables, the last number of a sequence, the seed of random()) is removed in the message of COMMIT or ROLLBACK. A statement that somebody prepared by SQL, or a changed tenant or actor, fails its transaction.',
    tests: [
      proof('database/side-by-side-pool', 'never uses a connection again'),
      proof('database/side-by-side', 'nothing follows'),
      proof('database/side-by-side', 'a transaction with BEGIN goes alone'),
      proof('properties/side-by-side', 'whatever work begins in a turn, each sees its own tenant'),
      proof('database/clean-connection', 'a statement that changes the session is refused before it is sent'),
      proof('database/clean-connection', 'finds nothing of a statement that calls a function'),
      proof('database/clean-connection', 'fails its transaction, and the connection is never used again'),
      proof('database/clean-connection', 'what a connection asked for at its login stays, behind a pooler too'),
      proof('database/settings-guard', 'a statement that changes a setting of its transaction fails it'),
      proof(
        'properties/clean-connection',
        'whatever a tenant does to its session, the next tenant of the connection finds a clean one, and none of its statements fails',
      ),
      proof('injection/left-behind', 'a statement left behind does not see the signature of the next tenant'),
      proof('injection/left-behind', 'a setting left behind does not reach the next tenant'),
      proof('database/statement-kind', 'a text without an allowed word in front is refused'),
    ],
  },
  {
    number: 30,
    topic: 'service',
    title: 'What was verified stays as it was',
    text: 'Identities and claims are deeply frozen. Nothing that a handler does to them reaches another request.',
    tests: [
      proof('auth/frozen', 'of a token gets a TypeError, and no later request with the token sees the change'),
      proof('auth/frozen', 'of a custom authentication gets a TypeError, and no later request sees the change'),
    ],
  },
  {
    number: 31,
    topic: 'database',
    title: 'Values come back as they were written',
    text: 'Every column type of Drizzle is read and written as over node-postgres, whatever text formats the database has as default. Strings in JSON and NULL in arrays are not lost.',
    tests: [
      proof('database/wire', 'are read when every byte arrives alone'),
      proof('database/wire', 'are read between long ones of more than 1 MB in one row'),
      proof('database/values', 'a value > of jsonb is the one that node-postgres returns'),
      proof(
        'database/values',
        'an array > of text has the elements that its type reads elsewhere, and NULL stays NULL',
      ),
      proof('database/values', 'a parameter without a column > is sent, and its result read, as over node-postgres'),
      proof('database/text-formats', 'changes no value that a tenant reads or writes'),
      proof('database/text-formats', 'changes no date for a role without defaults'),
      proof('database/text-formats', 'refuses a role whose sessions misread values, and its remedy cures it'),
    ],
  },
  {
    number: 32,
    topic: 'service',
    title: 'The kit fails closed',
    text: '`tenant()` without `auth` does not compile and throws. An authentication says which tenants its caller may act for, `jwt()` which audiences it accepts, or `any`: what is left out is refused. `unverified()` refuses production unless `ALLOW_UNVERIFIED` is `true`. The tenant database refuses a login that row-level security does not apply to.',
    tests: [
      proof('resolution/explicit-auth', 'does not compile without auth, and throws at construction'),
      proof('resolution/explicit-auth', 'reaches no handler when it returns %s'),
      proof('context/unverified', 'production, and names the remedies'),
      proof('context/unverified', 'refuses a runtime that has no environment'),
      proof('auth/keys', 'rejects %s'),
      proof('database/privileged-login', 'refuses every transaction, not only the first'),
      proof('docs/tenant-examples', 'in %s'),
    ],
  },
  {
    number: 33,
    topic: 'service',
    title: 'The caller has the permission',
    text: 'Each route names a permission, and asks for it before it parses a body. It follows from the caller’s roles in the tenant of the request: roles of a claim count in no other tenant, and an unknown role gives none.',
    tests: [
      proof('context/authorize', 'an owner of one tenant who is a member of another one is a member there'),
      proof('auth/tenant-claims', 'gives no role beside a list of several tenants'),
      proof('service/permissions', 'refuses a caller without a role in this tenant, before it parses the body'),
      proof('service/permissions', 'does not compile without a permission, and throws'),
      proof(
        'resolution/claimed-roles',
        'the first claim that names the tenant gives the roles, however the request names it',
      ),
    ],
  },
  {
    number: 34,
    topic: 'service',
    title: 'Another origin reads nothing',
    text: 'A page on another origin reads no response unless `CORS_ORIGINS` names its origin, and with cookies only an exact one. Whatever a shared cache may keep, it keeps apart by `Origin`.',
    tests: [
      proof('service/http/cors', 'another origin > %s reads nothing, and learns nothing from a preflight'),
      proof('http/cors', 'a response > to an origin by wildcard has no credentials'),
      proof('service/http/cors', 'a shared cache > keeps no response with rows of a tenant, for no origin'),
      proof('service/http/cors', 'keeps responses of %s apart by Origin'),
    ],
  },
  {
    number: 35,
    topic: 'service',
    title: 'A forwarded header selects nothing without a proxy',
    text: 'Without `TRUST_PROXY`, no `X-Forwarded-*` and no `Forwarded` selects a tenant or changes a link. With it, the entry that the outermost proxy of yours wrote counts.',
    tests: [
      proof('http/behind-proxies', 'without a proxy > a spoofed header changes nothing'),
      proof('http/behind-proxies', 'behind one proxy > the last entry counts: a client wrote those before it'),
      proof('service/http/proxies', 'selects no tenant by a spoofed header without a proxy'),
      proof('service/http/proxies', 'is in Vary of routes that share their responses'),
    ],
  },
  {
    number: 36,
    topic: 'service',
    title: 'The demo shows no values, and only in development',
    text: 'The home page and its statements are there only while callers are unverified outside of production. The statements of a request contain no values and no tenant.',
    tests: [
      proof('service/home', 'are those that PostgreSQL got, the tenant first, and contain no value'),
      proof('service/home', 'that shares a socket write with others are its own'),
      proof('service/home', 'is JSON for browsers too without the page'),
      proof('service/home', 'the service has the page where its requests are served'),
    ],
  },
  {
    number: 37,
    topic: 'service',
    title: 'A repeated request is done once',
    text: 'A request with an `Idempotency-Key` that was committed is not done again for 24 hours: it gets the same answer. A key belongs to its tenant, actor, method and path, and nobody else gets its answer, not even by injected SQL of the same tenant where tenants are signed. A failure stores nothing, and a lost connection or process leaves no key claimed.',
    tests: [
      proof('idempotency/replay', 'the same request under its key > is done once and answered alike'),
      proof('idempotency/replay', 'one key stands for different requests of > two tenants'),
      proof('idempotency/replay', 'one key stands for different requests of > two actors'),
      proof('idempotency/replay', 'is refused a caller who may not do it any more'),
      proof('idempotency/concurrent', 'of twenty requests at once one is done'),
      proof('idempotency/concurrent', 'a request whose backend is killed leaves no claim'),
      proof('idempotency/isolation', 'reads the answer of its own tenant and actor, and of nobody else'),
      proof('idempotency/isolation', 'injected SQL that names another actor gets no answer'),
    ],
  },
  {
    number: 38,
    topic: 'database',
    title: 'Periodic work has a login of its own',
    text: 'The worker logs in as a role that reads and writes no table. It may call the functions of its tasks and no other function of `tenancy`, and each task runs in one worker at a time.',
    tests: [
      proof('db/worker-role', 'the role of the worker may not'),
      proof('db/worker-role', 'the role of the worker has a privilege on no table'),
      proof('worker/worker', 'do not run one task at the same time'),
      proof('worker/worker', 'delete each answer once'),
    ],
  },
]
