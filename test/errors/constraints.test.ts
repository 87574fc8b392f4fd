import { expect, test } from 'bun:test'
import { sql } from 'drizzle-orm'
import { asOwner, db, main } from '../database.ts'
import { build, newAcme } from '../service/http/app.ts'
import { anyId } from '../service/http/refusals.ts'

const owner = asOwner(main)
type Acme = Awaited<ReturnType<typeof newAcme>> & { email: string }
const long = 's3cret'.repeat(2000)

/** A statement that violates each constraint. Validation would reject it in a request. */
const broken: Record<string, { by: (acme: Acme) => ReturnType<typeof sql>; status: number; error: object }> = {
  users_pkey: {
    by: ({ userId }) => sql`insert into users (id, email, name) values (${userId}, 's3cret@b.co', 's3cret')`,
    status: 409,
    error: { code: 'CONFLICT', message: 'The request conflicts with the current state' },
  },
  tasks_pkey: {
    by: ({ task, userId }) => sql`insert into tasks (id, title, user_id) values (${task.id}, 's3cret', ${userId})`,
    status: 409,
    error: { code: 'CONFLICT', message: 'The request conflicts with the current state' },
  },
  users_tenant_id_email_key: {
    by: ({ email }) => sql`insert into users (email, name) values (upper(${email}), 's3cret')`,
    status: 409,
    error: {
      code: 'CONFLICT',
      message: 'A user with this email exists already',
      details: [{ path: 'email', code: 'conflict', message: 'A user with this email exists already' }],
    },
  },
  tasks_tenant_id_user_id_fkey: {
    by: () => sql`insert into tasks (title, user_id) values ('s3cret', ${anyId})`,
    status: 422,
    error: {
      code: 'INVALID_REFERENCE',
      message: 'The request refers to a resource that does not exist',
      details: [{ path: 'userId', code: 'invalid_reference', message: 'No user has this id' }],
    },
  },
  users_email_check: rejected(() => sql`insert into users (email, name) values (${long}, 's3cret')`),
  users_name_check: rejected(() => sql`insert into users (email, name) values ('s3cret@b.co', ${long})`),
  tasks_title_check: rejected(({ task }) => sql`update tasks set title = ${long} where id = ${task.id}`),
  tasks_description_check: rejected(({ task }) => sql`update tasks set description = ${long} where id = ${task.id}`),
  tasks_status_check: rejected(({ task }) => sql`update tasks set status = 's3cret' where id = ${task.id}`),
}

function rejected(by: (acme: Acme) => ReturnType<typeof sql>) {
  return { by, status: 400, error: { code: 'VALIDATION_FAILED', message: 'The request does not match its schema' } }
}

test('every constraint of the schema is listed', async () => {
  const rows = await owner`
    select conname as name from pg_constraint where conrelid in ('users'::regclass, 'tasks'::regclass) and contype <> 'n'
    union select indexrelid::regclass::text from pg_index
    where indrelid in ('users'::regclass, 'tasks'::regclass) and (indisunique or indisexclusion)`
  expect(rows.map(({ name }) => String(name)).toSorted()).toEqual(Object.keys(broken).toSorted())
})

test.each(Object.entries(broken))(
  'a violation of %s is reported without a value',
  async (constraint, { by, status, error }) => {
    const acme = await newAcme()
    const [user] = (await acme.client.get<{ email: string }[]>('/users')).data
    const { as, lines } = build({
      db: { ...db, read: () => db.write((tx) => tx.execute(by({ ...acme, email: user?.email ?? '' }))) as never },
    })
    const response = await as(acme.tenant).get('/tasks')
    expect({ status: response.status, error: response.error }).toEqual({ status, error } as never)
    expect(lines).toMatchObject([{ level: 'info', errorCode: response.error?.code }])
    expect(JSON.stringify([response.body, lines])).not.toMatch(new RegExp(`s3cret|${constraint}|${user?.email}`, 'i'))
  },
)

const required = ['users.email', 'users.name', 'tasks.title', 'tasks.status', 'tasks.user_id']
test.each(required)('null in %s is rejected', async (column) => {
  const { tenant } = await newAcme()
  const [table = '', name = ''] = column.split('.')
  const statement = sql`update ${sql.identifier(table)} set ${sql.identifier(name)} = null`
  const { as } = build({ db: { ...db, read: () => db.write((tx) => tx.execute(statement)) as never } })
  const { status, error } = await as(tenant).get('/tasks')
  expect([status, error?.code]).toEqual([400, 'VALIDATION_FAILED'])
})
