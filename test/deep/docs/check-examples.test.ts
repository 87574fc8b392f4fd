import { afterAll, expect, test } from 'bun:test'
import { join } from 'node:path'
import { openConnection } from '../../../src/database/index.ts'
import { checks, inspectRowSecurity } from '../../../src/isolation/index.ts'
import { createDatabase } from '../../database.ts'
import { checkPath, sectionOf } from '../../docs/check-page.ts'

// Runs the example and the remedy of each page in a transaction that is rolled back.
const root = join(import.meta.dir, '../../..')
const database = await createDatabase()
const connection = openConnection({ url: database.ownerUrl })
afterAll(() => connection.close())

const [server] = (await connection.command("select current_setting('server_version_num') as version")).rows
const version = Number(server?.[0])

/** Checks that this test cannot show in its database, with the test that does or the reason. */
const notShown = new Map([
  ['not-tried', 'test/isolation/tenant-expression.test.ts, privileged-login.test.ts'],
  ['rows-without-tenant', 'test/isolation/doctor.test.ts'],
  ['rows-of-another-tenant', 'test/isolation/demonstrated.test.ts'],
  ['row-security-active', 'current_user must be the serving role'],
])

/** The first server version that knows the syntax of an example, as `server_version_num`. */
const newSyntax = new Map([
  ['foreign-key-resets-tenant', 150_000],
  ['role-group', 160_000],
  ['view', 150_000],
])

const schema = `
  create table countries (code text primary key);
  grant select on countries to app_user;
  create table customers (tenant_id uuid not null default tenancy.current_tenant_id(), id uuid not null default tenancy.uuid_v7(),
    primary key (tenant_id, id));
  select tenancy.protect('customers');
  create table invoices (tenant_id uuid not null default tenancy.current_tenant_id(), id uuid not null default tenancy.uuid_v7(),
    number text, total int, customer_id uuid, primary key (tenant_id, id));
  select tenancy.protect('invoices');`

const sqlOf = (section: string): string | undefined => /^```sql\n([\s\S]*?)\n```/.exec(section)?.[1]

const idsFound = async () => {
  const findings = await inspectRowSecurity(connection, {
    role: 'app_user',
    shared: ['public.countries'],
    unreachable: ['auth.sessions'],
    allowPrivileged: true,
  })
  return findings.map(({ check }) => check)
}

const pages = await Promise.all(
  checks.map(async ({ check, since = 0 }: { check: string; since?: number }) => {
    const page = await Bun.file(join(root, checkPath(check))).text()
    const [example, remedy] = [sqlOf(sectionOf(page, 'Example')), sqlOf(sectionOf(page, 'Remedy'))]
    return { check, since: newSyntax.get(check) ?? since, example, remedy }
  }),
)
const runnable = pages.filter(({ check, example, since }) => example && !notShown.has(check) && version >= since)

test.each(runnable)('$check: the doctor reports the example and accepts the remedy', async (page) => {
  const { check, example = '', remedy } = page
  await connection.command('begin')
  try {
    await connection.command(schema)
    expect(await idsFound()).not.toContain(check)
    await connection.command(example)
    expect(await idsFound()).toContain(check)
    if (remedy === undefined) return
    await connection.command(remedy)
    expect(await idsFound()).not.toContain(check)
  } finally {
    await connection.command('rollback')
  }
})

test('most pages have an example that runs', () => {
  expect(runnable.length).toBeGreaterThan(55)
})
