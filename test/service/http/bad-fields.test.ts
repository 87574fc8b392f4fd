import { expect, test } from 'bun:test'
import { newTenant } from '../../tenants.ts'
import { as, createUser, newAcme, newEmail } from './app.ts'
import { anyId, testRefusals } from './refusals.ts'

const fails = { code: 'VALIDATION_FAILED' } as const
const task = (fields: object) => ({
  path: '/tasks',
  body: { title: 'Write the report', userId: anyId, ...fields },
  ...fails,
})
const user = (fields: object) => ({
  path: '/users',
  body: { email: 'ada@acme.example', name: 'Ada', ...fields },
  ...fails,
})
const change = (fields: object) => ({ method: 'PATCH', path: `/tasks/${anyId}`, body: fields, ...fails })
const changeUser = (fields: object) => ({ method: 'PATCH', path: `/users/${anyId}`, body: fields, ...fails })

testRefusals([
  { of: 'a task without a title', ...task({ title: undefined }), names: 'title' },
  { of: 'a title that is null', ...task({ title: null }), names: 'title' },
  { of: 'a title that is a number', ...task({ title: 1 }), names: 'title' },
  { of: 'a title that is an object', ...task({ title: { $gt: '' } }), names: 'title' },
  { of: 'an empty title', ...task({ title: '' }), names: 'title' },
  { of: 'a blank title', ...task({ title: ' \t\u00a0\n' }), names: 'title' },
  { of: 'a title of 201 characters', ...task({ title: 'a'.repeat(201) }), names: 'title' },
  { of: 'a title of 201 emoji', ...task({ title: '🏡'.repeat(201) }), names: 'title' },
  { of: 'NUL in a title', ...task({ title: 'a\0b' }), names: 'title' },
  { of: 'a lone high surrogate in a title', ...task({ title: 'a\ud83c' }), names: 'title' },
  { of: 'a lone low surrogate in a title', ...task({ title: '\udfe1a' }), names: 'title' },
  { of: 'a description that is an array', ...task({ description: ['a'] }), names: 'description' },
  { of: 'a description of 10,001 characters', ...task({ description: 'a'.repeat(10_001) }), names: 'description' },
  { of: 'NUL in a description', ...task({ description: '\0' }), names: 'description' },
  { of: 'a lone surrogate in a description', ...task({ description: '\ud800' }), names: 'description' },
  { of: 'a task without a user', ...task({ userId: undefined }), names: 'userId' },
  { of: 'a userId that is null', ...task({ userId: null }), names: 'userId' },
  { of: 'a userId that is no id', ...task({ userId: 'ada' }), names: 'userId' },
  { of: 'a userId in braces', ...task({ userId: `{${anyId}}` }), names: 'userId' },
  { of: 'a userId with NUL', ...task({ userId: `${anyId}\0` }), names: 'userId' },
  { of: 'a userId with a line end', ...task({ userId: `${anyId}\n` }), names: 'userId' },
  { of: 'a new task with a status', ...task({ status: 'done' }), names: 'status' },
  { of: 'a user without a name', ...user({ name: undefined }), names: 'name' },
  { of: 'a name that is a boolean', ...user({ name: false }), names: 'name' },
  { of: 'a blank name', ...user({ name: '  ' }), names: 'name' },
  { of: 'a name of 201 characters', ...user({ name: 'a'.repeat(201) }), names: 'name' },
  { of: 'NUL in a name', ...user({ name: 'A\0da' }), names: 'name' },
  { of: 'a lone surrogate in a name', ...user({ name: 'A\udc00da' }), names: 'name' },
  { of: 'a user without an email', ...user({ email: undefined }), names: 'email' },
  { of: 'an email that is an array', ...user({ email: ['ada@acme.example'] }), names: 'email' },
  { of: 'an email of 321 characters', ...user({ email: `ada@${'a'.repeat(309)}.example` }), names: 'email' },
  { of: 'a huge email', ...user({ email: `${'a.'.repeat(1500)}@${'a.'.repeat(1500)}` }), names: 'email' },
  { of: 'a change of nothing', ...change({}), names: '' },
  { of: 'a change of a user to nothing', ...changeUser({}), names: '' },
  { of: 'a change to a title that is null', ...change({ title: null }), names: 'title' },
  { of: 'a change to a blank title', ...change({ title: ' ' }), names: 'title' },
  { of: 'a change to an unknown status', ...change({ status: 'nonsense' }), names: 'status' },
  { of: 'a status in upper case', ...change({ status: 'DONE' }), names: 'status' },
  { of: 'a status that is null', ...change({ status: null }), names: 'status' },
  { of: 'NUL in a changed description', ...change({ description: 'a\0' }), names: 'description' },
  { of: 'a change of the user', ...change({ userId: anyId }), names: 'userId' },
  { of: 'a change of the tenant', ...change({ title: 'a', tenantId: anyId }), names: 'tenantId' },
  { of: 'a change of updatedAt', ...change({ title: 'a', updatedAt: '2026-01-01T00:00:00.000Z' }), names: 'updatedAt' },
  { of: 'a change to an email that is null', ...changeUser({ email: null }), names: 'email' },
])

const notEmails = [
  '',
  ' ',
  'ada',
  'ada@',
  '@acme.example',
  'ada@acme',
  'ada acme.example',
  'ada@acme..example',
  'a..b@acme.example',
]
const norThese = [
  'ada@@acme.example',
  'Ada <ada@acme.example>',
  'ada@acme.example ',
  'ada@acme.example\n',
  'ada\0@acme.example',
]
testRefusals(
  [
    ...notEmails,
    ...norThese,
    'ada@-acme.example',
    'ada@acme.example,b@acme.example',
    'ад@acme.example',
    '\ud800@acme.example',
  ].map((email) => ({ of: `the email ${JSON.stringify(email)}`, ...user({ email }), names: 'email' })),
)

test('a title of 200 emoji is accepted: characters are counted, not UTF-16 units', async () => {
  const { client, userId } = await newAcme()
  const title = '🏡'.repeat(200)
  const { status, data } = await client.post('/tasks', { title, userId })
  expect({ status, data }).toMatchObject({ status: 201, data: { title } })
})

test('a description of 10,000 emoji is accepted', async () => {
  const { client, userId } = await newAcme()
  const description = '🏡'.repeat(10_000)
  expect((await client.post('/tasks', { title: 'Write', userId, description })).data).toMatchObject({ description })
})

test('titles and names lose the white space around them', async () => {
  const client = as(newTenant())
  const { data: user } = await client.post<{ id: string }>('/users', { email: newEmail(), name: ' \tAda\n' })
  expect(user).toMatchObject({ name: 'Ada' })
  const title = `  ${'a'.repeat(200)}  `
  expect((await client.post('/tasks', { title, userId: user.id })).data).toMatchObject({ title: 'a'.repeat(200) })
})

test('an email of 320 characters is accepted', async () => {
  const email = `${'a'.repeat(308)}@acme.example`
  const host = Array.from({ length: 4 }, () => 'b'.repeat(60)).join('.')
  expect(
    (await createUser(as(newTenant()), `${email.slice(0, 320 - host.length - 9)}@${host}.example`)).email,
  ).toHaveLength(320)
})

test('SQL in a field is text like any other', async () => {
  const { client, userId } = await newAcme()
  const title = `'); drop table tasks; --`
  expect((await client.post('/tasks', { title, userId })).data).toMatchObject({ title })
})
