import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { nonInterference } from '../../properties/non-interference.ts'
import { timeoutMs, tries } from '../../properties/settings.ts'
import { prepareStage, type Stage } from '../../properties/stage.ts'

// Each test breaks the isolation of tenants, and the non-interference property must fail.

/** Fails when the property holds. With `PROPERTY_RUNS` the counterexample is shrunk and printed. */
async function expectInterference(stage: Stage): Promise<void> {
  const isShrunk = process.env.PROPERTY_RUNS !== undefined
  const { failed, counterexample } = await fc.check(nonInterference(stage), {
    ...tries(500),
    numRuns: 500,
    endOnFailure: !isShrunk,
  })
  if (isShrunk) process.stderr.write(`${fc.stringify(counterexample)}\n`)
  expect(failed).toBe(true)
}

const brokenSchemas = [
  {
    name: 'a policy USING (true)',
    statements: ['users', 'tasks'].flatMap((table) =>
      ['tenant_isolation', 'tenant_restrictive'].map((policy) => `alter policy ${policy} on ${table} using (true)`),
    ),
  },
  {
    name: 'a unique key without the tenant',
    statements: [
      'drop index users_tenant_id_email_key',
      'create unique index users_tenant_id_email_key on users (lower(email))',
    ],
  },
  {
    name: 'a foreign key of one column',
    statements: [
      'alter table users add unique (id)',
      'alter table tasks drop constraint tasks_tenant_id_user_id_fkey',
      'alter table tasks add constraint tasks_tenant_id_user_id_fkey foreign key (user_id) references users (id)',
    ],
  },
]

describe('the property detects that one tenant affects another', () => {
  const through = (how: string, run: () => Promise<void>) => test(`through ${how}`, run, timeoutMs)

  for (const { name, statements } of brokenSchemas)
    through(name, async () => expectInterference(await prepareStage(statements)))

  through('a 404 with another message for a foreign row', async () => {
    const { owner, target, ...stage } = await prepareStage()
    async function request(path: string, init?: RequestInit) {
      const response = await target.request(path, init)
      const [, table = '', id = ''] = /^\/(users|tasks)\/([0-9a-f-]{36})/.exec(path) ?? []
      if (response.status !== 404 || !id) return response
      const found = await owner`select from ${owner(table)} where id = ${id}`
      const text = await response.text()
      return new Response(found.length > 0 ? text.replace('not found', 'not yours') : text, response)
    }
    await expectInterference({ ...stage, target: { request } })
  })

  through('a total that counts all tenants', async () => {
    const { owner, target, ...stage } = await prepareStage()
    async function request(path: string, init?: RequestInit) {
      const response = await target.request(path, init)
      if (!/^\/users(\?|$)/.test(path) || response.status !== 200) return response
      const [{ total } = {}] = await owner`select count(*) as total from users`
      return new Response((await response.text()).replace(/"total":\d+/, `"total":${total}`), response)
    }
    await expectInterference({ ...stage, target: { request } })
  })

  through('a cache without the tenant in its key', async () => {
    const { target, ...stage } = await prepareStage()
    const cache = new Map<string, Response>()
    async function request(path: string, init?: RequestInit) {
      const isList = init?.method === 'GET' && /^\/users(\?|$)/.test(path)
      const response = (isList && cache.get(path)?.clone()) || (await target.request(path, init))
      if (isList && response.ok) cache.set(path, response.clone())
      return response
    }
    const clear = async () => {
      cache.clear()
      await stage.clear()
    }
    await expectInterference({ ...stage, target: { request }, clear })
  })
})
