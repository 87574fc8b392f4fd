import { beforeAll, expect, test } from 'bun:test'
import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { newKey, sign } from '../../auth/issuer.ts'
import { run } from '../../cli/run.ts'
import { closeAfterwards, createBareDatabase } from '../../database.ts'
import { start, until } from '../../runtime/child.ts'
import { nodePath } from '../cli/built.ts'
import { freePort } from '../examples/example.ts'
import { archive, createFolder, root, runs } from '../kit/project.ts'

// The section of docs/authentication.md, as a stranger follows it: on Node 20, with tokens of the shape that Auth0 documents.

const page = await readFile(join(root, 'docs/authentication.md'), 'utf8')
const section = page.slice(page.indexOf('### From a token of Auth0')).split(/\n#{2,3} /)[0] ?? ''
/** The blocks in their order: a file, or lines of the shell. */
const blocks = [...section.matchAll(/^```(?:ts (\S+)|sh)\n(.*?)^```$/gms)].map(([, path, text = '']) => ({
  path,
  text,
}))
const commands = blocks.flatMap(({ path, text }) => (path ? [] : text.trim().split('\n')))
const commandOf = (begin: string) => commands.find((line) => line.startsWith(begin)) ?? `echo no command ${begin}`

const key = await newKey('RS256')
const jwks = Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: () => Response.json({ keys: [key.jwk] }) })
closeAfterwards({ close: () => jwks.stop(true) })
const issuer = `http://127.0.0.1:${jwks.port}/`
const tokenOf = (organization: object) =>
  sign(key, {
    iss: issuer,
    sub: 'auth0|507f1f77bcf86cd799439011',
    aud: ['https://example-api/', 'https://exampleco.auth0.com/userinfo'],
    iat: Math.floor(Date.now() / 1000),
    exp: 1e10,
    azp: 'my_client_id',
    scope: 'openid profile',
    ...organization,
  })

let folder = ''
const env: Record<string, string> = {}
const inShell = (line: string, more: Record<string, string> = {}) =>
  run(['sh', '-c', line], folder, { ...env, ...more })

beforeAll(async () => {
  folder = await createFolder()
  const { ownerUrl, appUrl } = await createBareDatabase()
  Object.assign(env, { DATABASE_OWNER_URL: ownerUrl, DATABASE_URL: appUrl, JWT_ISSUER: issuer })
  env.PATH = `${dirname(nodePath('20'))}:${process.env.PATH}`
  const packed = await archive()
  const install = 'npm install --prefer-offline --no-audit --no-fund '
  for (const { path, text } of blocks)
    if (path) await Bun.write(join(folder, path), text)
    else
      for (const line of text.split('\n').filter((line) => /^np[mx] /.test(line))) {
        const command = line.replace('npm install ', install).replace(' rowhouse hono ', ` ${packed} hono `)
        await runs(['sh', '-c', command], folder, env)
      }
}, 180_000)

test('the commands lead from a token of Auth0 to the rows of its organization, and to no other ones', async () => {
  const port = String(freePort())
  await using server = start(commandOf('node ').split(' '), { ...env, PORT: port }, folder)
  const send = async (begin: string, organization: object) => {
    const line = commandOf(begin).replace('3000', port)
    return JSON.parse((await inShell(line, { TOKEN: await tokenOf(organization) })).stdout)
  }
  await until(async () => (await fetch(`http://localhost:${port}/notes`).catch(() => undefined)) || undefined)
  const acme = { org_id: 'org_2NxVKbZ5YhM0' }
  const note = { tenantId: acme.org_id, text: 'Hello' }
  expect(await send('curl -s -X POST', acme)).toMatchObject({ success: true, data: [note] })
  expect(await send('curl -s http', acme)).toMatchObject({ success: true, data: [note] })
  expect(await send('curl -s http', { org_id: 'org_2NXVKBZ5YHM0' })).toMatchObject({ success: true, data: [] })
  expect(await send('curl -s http', {})).toMatchObject({ success: false, statusCode: 403 })
  expect(server.stderr).toBe('')
}, 120_000)
