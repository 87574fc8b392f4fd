import { describe, expect, test } from 'bun:test'
import { loadRowhouseConfig } from '../../../src/cli/config.ts'
import { protectedTablesSql } from '../../../src/cli/output/protected-tables-sql.ts'
import { readSchema } from '../../../src/cli/schema/read-schema.ts'
import { recordedTables } from '../../../src/cli/schema/recorded-tables.ts'
import { createProject } from '../run.ts'

const schema = `import { pgSchema, pgTable, primaryKey, text, timestamp, uuid } from 'drizzle-orm/pg-core'
const columns = () => ({ tenantId: uuid('tenant_id').notNull(), id: uuid('id').notNull() })
const keys = (t) => [primaryKey({ columns: [t.tenantId, t.id] })]
export const users = pgTable('users', { ...columns(), email: text('email'), lastSeenAt: timestamp('last_seen_at'),
  updatedAt: timestamp('updated_at') }, keys)
export const orderItems = pgTable('order_items', { ...columns(), userId: uuid('user_id'), odd: text('a "b"\\\\,c') }, keys)
export const orders = pgSchema('odd.name').table('Order', columns(), keys)
export const countries = pgTable('countries', { code: text('code').primaryKey() })
export const sessions = pgTable('sessions', columns(), keys)
export const jobs = pgTable('jobs', { id: uuid('id').primaryKey() })`

/** The recording that a field `tables` of rowhouse.config.ts gives, and the statements of 40-protected-tables.sql for it. */
async function recordingOf(tables: string, more = '') {
  using project = createProject({
    'schema.ts': schema,
    'rowhouse.config.ts': `export default { schema: './schema.ts', shared: ['public.countries'],
      unreachable: ['public.sessions'], tables: ${tables}, ${more} }`,
  })
  const config = await loadRowhouseConfig({}, project.folder)
  const found = await readSchema(config)
  const recorded = recordedTables(config, found)
  const statements = protectedTablesSql(found, [], recorded).split('\n')
  return { recorded, statements: statements.filter((line) => /tenancy\.(audit|trash|stop)/.test(line)) }
}

describe('tables of rowhouse.config.ts', () => {
  test('start and stop nothing by default', async () => {
    expect(await recordingOf('undefined')).toEqual({ recorded: undefined, statements: [] })
  })

  test('stop everything when they name no table', async () => {
    const { statements } = await recordingOf('{}')
    expect(statements).toEqual(["select tenancy.stop_recording_except(audit => '{}', trash => '{}');"])
  })

  test('become calls with only what differs from the defaults', async () => {
    const { statements } = await recordingOf(`{
      users: { audit: { redact: ['email'] }, trash: true }, 'public.order_items': { audit: true },
      '"odd.name"."Order"': { audit: false, trash: true } }`)
    expect(statements).toEqual([
      `select tenancy.trash('"odd.name"."Order"');`,
      `select tenancy.audit('public.order_items');`,
      `select tenancy.audit('public.users', redact => '{email}');`,
      `select tenancy.trash('public.users');`,
      `select tenancy.stop_recording_except(audit => '{public.order_items,public.users}', ` +
        String.raw`trash => '{"\"odd.name\".\"Order\"",public.users}');`,
    ])
  })

  test('ignore updated_at where the table has it, and more columns in addition', async () => {
    const { recorded, statements } = await recordingOf(
      `{ users: { audit: { ignore: ['last_seen_at'] } }, order_items: { audit: { ignore: ['user_id'] } } }`,
    )
    expect([...(recorded?.values() ?? [])].map(({ audit }) => audit?.ignore)).toEqual([
      ['user_id'],
      ['updated_at', 'last_seen_at'],
    ])
    expect(statements).toContain(`select tenancy.audit('public.users', ignore => '{updated_at,last_seen_at}');`)
    expect(statements).toContain(`select tenancy.audit('public.order_items', ignore => '{user_id}');`)
  })

  test('quote odd names of columns, and name another tenant column', async () => {
    const odd = String.raw`{ order_items: { audit: { redact: ['a "b"\\,c'] }, trash: true } }`
    const { statements } = await recordingOf(odd, "tenantColumn: 'user_id'")
    expect(statements.slice(0, 2)).toEqual([
      String.raw`select tenancy.audit('public.order_items', redact => '{"a \"b\"\\,c"}', tenant_column => 'user_id');`,
      `select tenancy.trash('public.order_items', tenant_column => 'user_id');`,
    ])
  })

  const only = 'and only a protected table has an audit trail or a trash: remove it from tables'
  test.each([
    ['{ userz: {} }', 'tables.userz: the schema has no table public.userz: did you mean public.users?'],
    ['{ invoices: {} }', 'tables.invoices: the schema has no table public.invoices: correct the name, or remove it'],
    [
      '{ orderItems: {} }',
      'tables.orderItems: is the name in the code: write public.order_items, as SQL names the table',
    ],
    ['{ Users: {} }', 'tables.Users: must be a table as SQL names it: users, public.users, "odd.name"."Order"'],
    ['{ users: {}, \'"users"\': {} }', 'tables."users": public.users is here twice: write it once'],
    ['{ countries: { audit: true } }', `tables.countries: public.countries is shared, ${only}`],
    ['{ sessions: { audit: true } }', `tables.sessions: public.sessions is unreachable, ${only}`],
    ['{ jobs: { trash: true } }', `tables.jobs: public.jobs has no column tenant_id, ${only}`],
    [
      "{ order_items: { audit: { redact: ['userId'] } } }",
      'tables.order_items.audit.redact: userId is the name in the code: write user_id, the column of public.order_items',
    ],
    [
      "{ users: { audit: { redact: ['emial'] } } }",
      'tables.users.audit.redact: public.users has no column emial: it has tenant_id, id, email, last_seen_at, updated_at',
    ],
    [
      "{ users: { audit: { ignore: ['last_sen_at'] } } }",
      'tables.users.audit.ignore: public.users has no column last_sen_at: did you mean last_seen_at?',
    ],
    ['[]', 'tables: must be an object with a field for each table'],
    ['{ users: true }', 'tables.users: must be { audit: …, trash: … }'],
    ["{ users: { trash: 'yes' } }", 'tables.users.trash: must be true or false'],
    ['{ users: { adit: true } }', 'tables.users: Unrecognized key: "adit"'],
    [
      "{ users: { audit: { redact: 'email' } } }",
      'tables.users.audit: must be true, false or { redact: […], ignore: […] }, both with names of columns',
    ],
  ])('refuse %s', async (tables, problem) => {
    await expect(recordingOf(tables)).rejects.toThrow(`Invalid configuration:\n  - ${problem}`)
  })

  test('report every problem at once', async () => {
    const wrong = "{ jobs: { audit: true }, users: { audit: { redact: ['emails', 'lastSeenAt'] } } }"
    const message = await recordingOf(wrong).then(String, (error: Error) => error.message)
    expect(message.split('\n')).toHaveLength(4)
  })
})
