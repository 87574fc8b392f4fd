import { afterAll, beforeAll, expect, test } from 'bun:test'
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createIssuer } from '../../../src/cli/commands/issuer.ts'
import { asOwner, createBareDatabase, newTenant } from '../../database.ts'
import { start } from '../../runtime/child.ts'

const root = join(import.meta.dir, '../../..')
const folder = await mkdtemp(join(tmpdir(), 'rowhouse-kit-'))
afterAll(() => rm(folder, { recursive: true, force: true }))

function run(command: string[], cwd: string, env: Record<string, string> = {}): string {
  const { success, stdout, stderr } = Bun.spawnSync(command, { cwd, env: { ...process.env, ...env } })
  if (!success) throw new Error(`${command.join(' ')}\n${stdout}${stderr}`)
  return stdout.toString()
}

/** Builds the package as `prepack` does, and installs it in a project next to its dependencies. */
async function install(): Promise<void> {
  const modules = join(folder, 'node_modules')
  await mkdir(join(modules, 'rowhouse'), { recursive: true })
  for (const name of await readdir(join(root, 'node_modules')))
    await symlink(join(root, 'node_modules', name), join(modules, name))
  for (const path of ['package.json', 'src', 'sql', 'db'])
    await cp(join(root, path), join(modules, 'rowhouse', path), { recursive: true })
  run(
    [
      process.execPath,
      'node_modules/.bin/tsc',
      '-p',
      'tsconfig.kit.json',
      '--outDir',
      join(modules, 'rowhouse/dist/kit'),
    ],
    root,
  )
  await writeFile(join(folder, 'package.json'), '{ "type": "module" }')
}

/** Writes the files that a page shows: a block with a path is that file. */
async function writeFilesOf(page: string): Promise<void> {
  const text = await readFile(join(root, page), 'utf8')
  for (const [, path = '', block = ''] of text.matchAll(/^```ts (\S+)\n(.*?)^```$/gms)) {
    files[path] = block
    await writeFile(join(folder, path), block)
  }
}
const files: Record<string, string> = {}

/** The `bunx` commands of docs/use-the-kit.md, up to the start of the app. */
async function commandsOfPage(): Promise<string[]> {
  const text = await readFile(join(root, 'docs/use-the-kit.md'), 'utf8')
  const [steps = ''] = text.split('## 5. The app')
  return [...steps.matchAll(/^bunx (.*)$/gm)].map(([, command = '']) => command)
}

/** The answers of the example to a tenant that writes, to another one that reads, and to a caller without a token. */
const script = (issuer: string) => `import app from './app.js'
  const as = async (tenant, method) => {
    const token = await (await fetch('${issuer}/token?tenant=' + tenant)).text()
    return app.request('/notes', { method, headers: { Authorization: 'Bearer ' + token } })
  }
  const answers = [await as('${newTenant()}', 'POST'), await as('${newTenant()}', 'GET'), await app.request('/notes')]
  console.log(JSON.stringify(await Promise.all(answers.map((answer) => answer.json()))))
  process.exit(0)`

const database = await createBareDatabase()
let followed: string[] = []

beforeAll(async () => {
  await install()
  await writeFilesOf('docs/use-the-kit.md')
  await writeFilesOf('README.md')
  followed = await followPage()
}, 60_000)

/** Runs the commands of the page in the project, and returns them. */
async function followPage(): Promise<string[]> {
  const commands = await commandsOfPage()
  const programs: Record<string, string> = {
    rowhouse: 'rowhouse/src/cli/rowhouse.ts',
    'drizzle-kit': 'drizzle-kit/bin.cjs',
  }
  const env = { DATABASE_OWNER_URL: database.ownerUrl, DATABASE_URL: database.appUrl }
  for (const command of commands) {
    const [program = '', ...parameters] = command.split(' ')
    run([process.execPath, join(folder, 'node_modules', programs[program] ?? ''), ...parameters], folder, env)
  }
  return commands
}

test('the commands of docs/use-the-kit.md make a protected database of the example’s schema', async () => {
  expect(followed).toEqual([
    'rowhouse init',
    'drizzle-kit generate',
    'rowhouse check',
    'rowhouse migrate',
    'rowhouse doctor',
  ])
  const tables = await asOwner(database)`select relname from pg_class where relforcerowsecurity and relrowsecurity`
  expect(tables.map(({ relname }) => relname)).toEqual(['notes'])
})

test("the README's example keeps two tenants apart in a separate project on Node.js, or on Bun without Node.js", async () => {
  using server = Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: (request) => issuer.fetch(request) })
  const issuer = await createIssuer(server.url.origin, 'notes')
  const app = files['app.ts'] ?? ''
  await writeFile(join(folder, 'app.ts'), app.replaceAll('https://issuer.example', server.url.origin))
  await writeFile(join(folder, 'try.mjs'), script(server.url.origin))
  const strict = ['--strict', '--skipLibCheck', '--target', 'esnext', '--module', 'nodenext', '--types', 'bun-types']
  run([process.execPath, 'node_modules/.bin/tsc', ...strict, 'app.ts'], folder)
  await using attempt = start([Bun.which('node') ?? 'bun', 'try.mjs'], { DATABASE_URL: database.appUrl }, folder)
  expect({ code: await attempt.exited, stderr: attempt.stderr }).toEqual({ code: 0, stderr: '' })
  expect(JSON.parse(attempt.stdout)).toMatchObject([
    { success: true, data: [{ text: 'Hello' }] },
    { success: true, data: [] },
    { success: false, statusCode: 401, error: { code: 'UNAUTHORIZED' } },
  ])
}, 60_000)

test("the README's example refuses the login of a superuser", async () => {
  await using attempt = start([process.execPath, 'app.ts'], { DATABASE_URL: database.ownerUrl }, folder)
  expect(await attempt.exited).not.toBe(0)
  expect(attempt.stderr).toContain('the serving role is a superuser')
})

test('the README’s example has at most twelve lines below its imports', () => {
  const lines = ['schema.ts', 'app.ts'].flatMap((path) => (files[path] ?? '').trim().split('\n'))
  expect(lines.filter((line) => line !== '' && !line.startsWith('import ')).length).toBeLessThanOrEqual(12)
})
