import { beforeAll, expect, test } from 'bun:test'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createBareDatabase } from '../../database.ts'
import { start, until } from '../../runtime/child.ts'
import { root, runs } from '../kit/project.ts'
import { type Example, freePort, installExample, testExample } from './example.ts'

const tenant = 'org_2NxVKbZ5YhM0'
const address = { street: '2 Low Street', city: 'Graz', country: 'AT' }
const customer = { name: 'Globex', email: 'pay@globex.example', address }
let example: Example

beforeAll(async () => {
  example = await installExample('invoices')
}, 180_000)

testExample(() => example)

/** The example on a migrated database of its own, with an issuer of tokens: all of them end with the block. */
async function serve() {
  const { folder, program } = example
  const { ownerUrl, appUrl } = await createBareDatabase()
  // Roles belong to the whole server: other tests may have an app_admin with another password.
  const adminUrl = Object.assign(new URL(appUrl), { username: `invoices_admin_${process.pid}` }).href
  const env = { DATABASE_OWNER_URL: ownerUrl, DATABASE_URL: appUrl, DATABASE_ADMIN_URL: adminUrl }
  await runs(['npm', 'run', 'migrate'], folder, env)
  await runs(['npm', 'run', 'build'], folder)
  const stack = new AsyncDisposableStack()
  const issuer = stack.use(start([program('rowhouse'), 'issuer', '--port', '0', '--audience', 'invoices'], {}, folder))
  const issuerUrl = await until(() => /http:\/\/localhost:\d+/.exec(issuer.stdout)?.[0])
  const port = String(freePort())
  const secrets = { ROWHOUSE_SECRET: 'a secret of at least 32 characters', PAYMENT_SECRET: 'change-me' }
  const settings = { ...env, ...secrets, PORT: port, JWT_ISSUER: issuerUrl }
  const server = stack.use(start(['node', 'dist/server.js'], settings, folder))
  await until(() => server.stdout.includes('/docs') || undefined)
  return { env, issuerUrl, server, url: `http://localhost:${port}`, [Symbol.asyncDispose]: () => stack.disposeAsync() }
}

test('migrates a database, serves its documentation and requests with tokens of text tenants, and runs its job', async () => {
  const { folder, program } = example
  await using running = await serve()
  const { env, issuerUrl, server, url } = running
  const at = (path: string, headers = {}) => fetch(url + path, { headers })
  expect(await (await at('/docs')).text()).toContain('swagger-ui')
  const bearer = async (tenant: string) => ({
    Authorization: `Bearer ${await (await fetch(`${issuerUrl}/token?role=member&org_id=${tenant}`)).text()}`,
  })
  const acme = await bearer(tenant)
  const rates = await at('/vat-rates', acme)
  expect(await rates.json()).toMatchObject({
    success: true,
    data: expect.arrayContaining([{ code: 'AT-20', percent: '20.00' }]),
  })
  expect((await at('/vat-rates')).status).toBe(401)
  const created = await fetch(`${url}/customers`, {
    method: 'POST',
    headers: { ...acme, 'Content-Type': 'application/json' },
    body: JSON.stringify(customer),
  })
  expect(created.status).toBe(201)
  const inOtherCase = await bearer(tenant.toUpperCase())
  const namesOf = async (headers: object) =>
    (await (await at('/customers', headers)).json()).data.map(({ name }: { name: string }) => name)
  expect([await namesOf(acme), await namesOf(inOtherCase)]).toEqual([['Globex'], []])
  expect((await at('/customers', { ...inOtherCase, 'X-Tenant-Id': tenant })).status).toBe(403)
  const create = ['tenant', 'create', 'acme', '--name', 'Acme', '--id', tenant]
  expect(await runs([program('rowhouse'), ...create], folder, env)).toBe(`${tenant}\n`)
  expect(await runs(['npm', 'run', '--silent', 'remind'], folder, env)).toContain('0 reminders were sent')
  server.signal('SIGTERM')
  expect({ code: await server.exited, stderr: server.stderr }).toEqual({ code: 0, stderr: '' })
}, 60_000)

/** The blocks of a page, with the language of each. */
const blocksOf = (text: string) =>
  [...text.matchAll(/^```(\w+)\n(.*?)^```$/gms)].map(([, language = '', block = '']) => ({ language, block }))

const hasPsql = Bun.which('psql') !== null
test.skipIf(!hasPsql)(
  'every command of docs/audit-walk.md runs, and has the output that the page shows',
  async () => {
    const { folder } = example
    const blocks = blocksOf(await readFile(join(root, 'docs/audit-walk.md'), 'utf8'))
    const sources = await Promise.all(
      ['rowhouse.config.ts', 'src/app.ts'].map((path) => readFile(join(folder, path), 'utf8')),
    )
    const shown = blocks.filter(({ language }) => language === 'ts').flatMap(({ block }) => block.split('\n'))
    expect(shown.filter((line) => !sources.some((source) => source.includes(`${line}\n`)))).toEqual([])
    expect(blocks.find(({ language }) => language === 'ts')?.block.match(/^./gm)?.length).toBeLessThan(10)

    await using running = await serve()
    const { env, issuerUrl, url } = running
    const steps = blocks.flatMap(({ language, block }, at) =>
      language === 'sh'
        ? [{ block, output: blocks[at + 1]?.language === 'text' ? blocks[at + 1]?.block : undefined }]
        : [],
    )
    const script = steps.map(({ block }) => `${block}echo '<end of the step>'`).join('\n')
    const here = script.replaceAll('http://localhost:3000', url).replaceAll('http://localhost:4000', issuerUrl)
    await using shell = start(['bash', '-c', `set -euo pipefail\n${here}`], env, folder)
    const code = await shell.exited
    expect({ code, stderr: shell.stderr }).toEqual({ code: 0, stderr: '' })
    const outputs = shell.stdout.split('<end of the step>\n')
    steps.forEach(({ output }, at) => {
      if (output !== undefined) expect(outputs[at]).toBe(output)
    })
    expect(steps.filter(({ output }) => output !== undefined).length).toBeGreaterThan(6)
  },
  120_000,
)
