import { expect, test } from 'bun:test'
import { createCheckpointSigner, createSigningKey, readCheckpoint } from '../../../src/audit/index.ts'
import { addUsers } from '../../audit/stored-logs.ts'
import { asOwner, createBareDatabase, createDatabase } from '../../database.ts'
import { addKeys, countKeys } from '../../worker/expired-keys.ts'
import { createProject, rowhouse } from '../run.ts'

const linesOf = (stdout: string): unknown[] =>
  stdout
    .trim()
    .split('\n')
    .map((text) => JSON.parse(text))

const once = (env: Record<string, string>) => rowhouse(['worker', '--once'], { env })

test('rowhouse worker --once deletes what has expired and logs it as a line of JSON', async () => {
  const database = await createDatabase()
  const owner = asOwner(database)
  await addKeys(owner, { expired: 3, fresh: 2 })
  const { code, stdout, stderr } = await once({ DATABASE_OWNER_URL: database.ownerUrl })
  expect([code, stderr]).toEqual([0, ''])
  expect(linesOf(stdout)).toMatchObject([
    { level: 'info', task: 'purge-idempotency-keys', rows: 3, msg: 'the task is done' },
    { level: 'info', task: 'append-audit-logs', rows: 0, msg: 'the task is done' },
    { level: 'info', task: 'make-audit-partitions', rows: 0, msg: 'the task is done' },
  ])
  expect(await countKeys(owner)).toEqual({ all: 2, expired: 0 })
})

test('rowhouse worker --once exits with 1 when a task fails, and shows no value', async () => {
  const database = await createDatabase()
  const owner = asOwner(database)
  await owner.unsafe(`
    create or replace function tenancy.purge_idempotency_keys(most integer) returns integer language plpgsql as $$
    begin raise exception 's3cret' using errcode = '22000'; end $$`)
  const { code, stdout, stderr } = await once({ DATABASE_WORKER_URL: database.ownerUrl })
  expect([code, stderr]).toEqual([1, 'A task failed with SQLSTATE 22000: the log of PostgreSQL has its message\n'])
  expect(linesOf(stdout)[0]).toMatchObject({ level: 'error', reason: '22000', msg: 'the task failed' })
})

test('rowhouse worker --once appends to the logs of the audit trail, and signs them with AUDIT_SIGNING_KEY alone', async () => {
  const database = await createDatabase()
  const owner = asOwner(database)
  const tenant = await addUsers(owner, 3)
  const env = { DATABASE_OWNER_URL: database.ownerUrl }
  expect(linesOf((await once(env)).stdout)).toMatchObject([{}, { task: 'append-audit-logs', rows: 3 }, {}])
  const key = createSigningKey()
  const { stdout } = await once({ ...env, AUDIT_SIGNING_KEY: key })
  expect(linesOf(stdout).at(-1)).toMatchObject({ task: 'sign-audit-checkpoints', rows: 1, msg: 'the task is done' })
  expect(stdout).not.toContain(key)
  const [row] = await owner`select note from tenancy.audit_checkpoints where tenant_id::text = ${tenant}`
  const { verifierKey } = createCheckpointSigner({ key })
  expect(readCheckpoint(String(row?.note), [verifierKey])).toMatchObject({ tenantId: tenant, size: 3 })
  const wrong = await once({ ...env, AUDIT_SIGNING_KEY: 's3cret' })
  expect([wrong.code, wrong.stderr]).toEqual([
    ...[2, 'AUDIT_SIGNING_KEY must be 32 random bytes in base64: openssl rand -base64 32\n'],
  ])
})

test('rowhouse worker --once makes the partitions of the audit trail that are missing, and moves entries into them', async () => {
  const database = await createDatabase()
  const owner = asOwner(database)
  const month = `tenancy.audit_entries_${new Date().toISOString().slice(0, 7).replace('-', '_')}`
  await owner.unsafe(`drop table ${month}`)
  const tenant = await addUsers(owner, 1)
  expect(linesOf((await once({ DATABASE_OWNER_URL: database.ownerUrl })).stdout)).toContainEqual(
    expect.objectContaining({ task: 'make-audit-partitions', rows: 1 }),
  )
  const entries = owner`select tableoid::regclass::text as place from tenancy.audit_entries where tenant_id::text = ${tenant}`
  expect(Array.from(await entries)).toEqual([{ place: month }])
})

test('rowhouse worker --once exits with 1 and the remedy when the database does not answer or is not migrated', async () => {
  const refused = await once({ DATABASE_WORKER_URL: 'postgres://app_worker:s3cret@127.0.0.1:1/d' })
  expect(refused.code).toBe(1)
  expect(refused.stderr).toMatch(/^connect ECONNREFUSED 127\.0\.0\.1:1\nStart PostgreSQL, [^\n]*\n$/)
  const { ownerUrl } = await createBareDatabase()
  const bare = await once({ DATABASE_WORKER_URL: ownerUrl })
  expect([bare.code, bare.stderr]).toEqual([
    ...[1, 'This database does not have the tasks of this release: run "rowhouse migrate" first\n'],
  ])
})

test.each(['worker', 'worker --once'])('rowhouse %s exits with 2 for a wrong configuration', async (command) => {
  const { appUrl } = await createDatabase()
  using project = createProject({})
  const outcome = (env: Record<string, string>) => rowhouse(command.split(' '), { env, cwd: project.folder })
  const unset = await outcome({})
  expect([unset.code, unset.stdout]).toEqual([2, ''])
  expect(unset.stderr).toBe(
    'DATABASE_WORKER_URL is not set: set it to postgres://app_worker:password@host:5432/database, or set DATABASE_OWNER_URL\n',
  )
  const noUrl = await outcome({ DATABASE_WORKER_URL: 'mysql://s3cret' })
  expect([noUrl.code, noUrl.stderr]).toEqual([2, expect.stringMatching(/^DATABASE_WORKER_URL must be a URL/)])
  const password = await outcome({ DATABASE_WORKER_URL: Object.assign(new URL(appUrl), { password: 's3cret' }).href })
  expect([password.code, password.stderr]).toEqual([2, expect.stringContaining('Correct the user or the password')])
  expect(`${unset.stderr}${noUrl.stderr}${password.stdout}${password.stderr}`).not.toContain('s3cret')
})

// `bun run up` installs no packages for development, and drizzle.config.ts imports one.
test.each([
  ['', {}],
  [
    ', also where drizzle.config.ts cannot be loaded',
    { 'drizzle.config.ts': "import 'a-package-that-is-missing'\nexport default {}" },
  ],
])('rowhouse worker says where the worker of the embedded database runs%s', async (_, files) => {
  using project = createProject({ '.rowhouse/postgres/PG_VERSION': '17', ...files })
  const { code, stderr } = await rowhouse(['worker', '--once'], { cwd: project.folder })
  expect(code).toBe(2)
  expect(stderr).toMatch(
    /^DATABASE_WORKER_URL is not set: [^\n]*\. The embedded database [^\n]*: "bun run up" runs one, /,
  )
})

test('rowhouse worker refuses the login of the service with 2', async () => {
  const database = await createDatabase()
  const { code, stderr } = await rowhouse(['worker'], { env: { DATABASE_WORKER_URL: database.appUrl } })
  expect([code, stderr]).toEqual([
    2,
    expect.stringMatching(/^This login may not run the tasks of the worker: [^\n]*\n$/),
  ])
})

test('the help of rowhouse worker has its variables and exit codes', async () => {
  const { code, stdout } = await rowhouse(['worker', '--help'])
  expect(code).toBe(0)
  for (const text of ['--once', 'DATABASE_WORKER_URL', 'DATABASE_OWNER_URL', 'Exit codes: 0', 'SIGTERM'])
    expect(stdout).toContain(text)
})
