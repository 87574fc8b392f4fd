import { expect, test } from 'bun:test'
import { newAcme } from './app.ts'
import { testRefusals } from './refusals.ts'

const notWhole = [
  '',
  '0',
  '-1',
  '1.5',
  '1e3',
  '0x10',
  '%2B1',
  '%201',
  '1%20',
  'one',
  'NaN',
  'Infinity',
  'null',
  '1,2',
  '1_0',
  '%00',
  '%ff',
  '%D9%A1',
]
const huge = ['10001', '2147483648', '9223372036854775808', '9'.repeat(400)]
const rows = ['page', 'limit'].flatMap((name) => [
  ...[...notWhole, ...huge].map((value) => ({ query: `${name}=${value}`, name })),
  { query: name, name },
  { query: `${name}=1&${name}=2`, name },
  { query: `${name}=1&${name}=1`, name },
])
const tooDeep = ['page=101&limit=100', 'page=10000&limit=2', 'page=501'].map((query) => ({ query, name: 'page' }))

testRefusals(
  [...rows, { query: 'limit=101', name: 'limit' }, ...tooDeep].map(({ query, name }) => ({
    of: `?${query.slice(0, 40)}`,
    method: 'GET',
    path: `/tasks?${query}`,
    code: 'VALIDATION_FAILED',
    names: name,
    in: 'query',
  })),
)

test.each(['page=0', 'limit=abc', 'limit=9999999999999', 'page=101&limit=100', 'page=10001&limit=1'])(
  'lists the one problem of ?%s once',
  async (query) => {
    const { client } = await newAcme()
    expect((await client.get(`/tasks?${query}`)).error?.details).toHaveLength(1)
  },
)

test('lists a wrong page and a wrong limit separately', async () => {
  const { client } = await newAcme()
  const { error } = await client.get('/users?page=0&limit=0')
  expect(error?.details?.map(({ path }) => path)).toEqual(['page', 'limit'])
})

test.each(['page=100&limit=100', 'page=10000&limit=1', 'page=500', 'limit=100', 'page=1&limit=1'])(
  'accepts ?%s, which is within the last page',
  async (query) => {
    const { client } = await newAcme()
    expect((await client.get(`/tasks?${query}`)).status).toBe(200)
  },
)

const unknown = ['__proto__=1', 'constructor=x', 'page[]=2', 'x=%00', 'x=%ff', '%=%', `${'a'.repeat(5000)}=1`]
test.each(unknown)('rejects the unknown parameter ?%.40s and lists the known ones', async (query) => {
  const { status, error } = await (await newAcme()).client.get(`/tasks?${query}`)
  expect({ status, details: error?.details }).toMatchObject({
    status: 400,
    details: [{ in: 'query', code: 'unrecognized_keys' }],
  })
  expect(error?.details?.[0]?.message).toContain('cursor, page, limit')
})

test('ignores empty parameters', async () => {
  const { client, task } = await newAcme()
  expect((await client.get('/tasks?&')).data).toEqual([task])
})
