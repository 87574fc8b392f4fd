import { afterAll, expect, test } from 'bun:test'
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createIssuer } from '../../src/cli/commands/issuer.ts'
import { asOwner, createBareDatabase, newTenant } from '../database.ts'
import { start } from '../runtime/child.ts'

const root = join(import.meta.dir, '../..')
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
  for (const path of ['package.json', 'src'])
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

async function prepareDatabase(): Promise<string> {
  const database = await createBareDatabase()
  const owner = asOwner(database)
  for (const name of ['10-roles', '20-tenancy', '30-protect'])
    await owner.unsafe(await readFile(join(root, `sql/${name}.sql`), 'utf8'))
  await owner.unsafe(`
    create table notes (
      tenant_id uuid not null default tenancy.current_tenant_id(), id uuid not null default tenancy.uuid_v7(),
      created_at timestamptz(3) not null default now(), updated_at timestamptz(3) not null default now(),
      text text not null, primary key (tenant_id, id));
    select tenancy.protect('notes')`)
  return database.appUrl
}

/** Prints the responses of the example to a tenant that writes, to another tenant that reads, and to a caller without a token. */
const script = (issuer: string) => `import { app } from './kit.js'
  const as = async (tenant, method) => {
    const token = await (await fetch('${issuer}/token?tenant=' + tenant)).text()
    return app.request('/notes', { method, headers: { Authorization: 'Bearer ' + token } })
  }
  const answers = [await as('${newTenant()}', 'POST'), await as('${newTenant()}', 'GET'), await app.request('/notes')]
  console.log(JSON.stringify(await Promise.all(answers.map((answer) => answer.json()))))
  process.exit(0)`

test("the README's example keeps two tenants apart in a separate project on Node.js, or on Bun without Node.js", async () => {
  await install()
  using server = Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: (request) => issuer.fetch(request) })
  const issuer = await createIssuer(server.url.origin, 'notes')
  const readme = await readFile(join(root, 'README.md'), 'utf8')
  const example = readme.match(/^```ts kit\.ts\n(.*?)^```$/ms)?.[1] ?? ''
  await writeFile(join(folder, 'kit.ts'), example.replaceAll('https://issuer.example', server.url.origin))
  await writeFile(join(folder, 'try.mjs'), script(server.url.origin))
  const strict = ['--strict', '--skipLibCheck', '--target', 'esnext', '--module', 'nodenext', '--types', 'bun-types']
  run([process.execPath, 'node_modules/.bin/tsc', ...strict, 'kit.ts'], folder)
  await using attempt = start(
    [Bun.which('node') ?? 'bun', 'try.mjs'],
    { DATABASE_URL: await prepareDatabase() },
    folder,
  )
  expect({ code: await attempt.exited, stderr: attempt.stderr }).toEqual({ code: 0, stderr: '' })
  expect(JSON.parse(attempt.stdout)).toMatchObject([
    { success: true, data: [{ text: 'Hello' }] },
    { success: true, data: [] },
    { success: false, statusCode: 401, error: { code: 'UNAUTHORIZED' } },
  ])
}, 60_000)

test('the README’s example has twelve lines below its imports', async () => {
  const readme = await readFile(join(root, 'README.md'), 'utf8')
  const lines =
    readme
      .match(/^```ts kit\.ts\n(.*?)^```$/ms)?.[1]
      ?.trim()
      .split('\n') ?? []
  expect(lines.filter((line) => line !== '' && !line.startsWith('import ')).length).toBeLessThanOrEqual(12)
})
