import { afterAll, beforeAll, expect, test } from 'bun:test'
import { cp, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { main } from '../../database.ts'
import { root, start } from '../../runtime/child.ts'
import { builtPackage } from '../kit/project.ts'

// The isolation test of a project, as its file says it, in each runner: it passes, it fails for a leak, and its process ends by itself.

const folder = await mkdtemp(join(tmpdir(), 'rowhouse-runners-'))
afterAll(() => rm(folder, { recursive: true, force: true }))

async function run(command: string[], cwd = folder, environment: Record<string, string> = {}) {
  await using child = start(command, environment, cwd)
  const code = await child.exited
  return { code, output: `${child.stdout}${child.stderr}` }
}

const leak =
  '"create policy leak on tasks for select using (true); create policy leak_restrictive on tasks as restrictive using (true)"'

/** The test file of a project. With `leaks`, its database has a policy that shows every row. */
const testFile = (runner: string, after: string, leaks: boolean) => `
import { ${after}, test } from '${runner}'
import postgres from 'postgres'
import { createTestDatabase, expectTenantIsolation } from 'rowhouse/testing'

const { db, ownerUrl } = await createTestDatabase({ url: process.env.TEST_DATABASE_URL, afterAll: ${after} })
if (${leaks}) {
  const owner = postgres(ownerUrl, { max: 1 })
  await owner.unsafe(${leak})
  await owner.unsafe('drop policy tenant_restrictive on tasks')
  await owner.end()
}
test("no tenant reaches another tenant's rows", async () => { await expectTenantIsolation(db) })
`

/** The built package, next to the packages of this repository, with vitest. */
async function install(): Promise<void> {
  const modules = join(folder, 'node_modules')
  await mkdir(join(folder, 'tests'), { recursive: true })
  await writeFile(join(folder, 'package.json'), '{ "type": "module", "private": true }')
  const npm = await run(['npm', 'install', '--no-audit', '--no-fund', '--no-package-lock', 'vitest@4'])
  if (npm.code !== 0) throw new Error(npm.output)
  for (const name of await readdir(join(root, 'node_modules')))
    await symlink(join(root, 'node_modules', name), join(modules, name)).catch(() => {}) // vitest has brought its own
  for (const name of ['sql', 'drizzle']) await cp(join(root, name), join(folder, name), { recursive: true })
  await cp(await builtPackage(), join(modules, 'rowhouse'), { recursive: true })
}

beforeAll(install, 180_000)

const runners = [
  ['bun:test', 'afterAll', [process.execPath, 'test']],
  ['node:test', 'after', ['node', '--test']],
  ['vitest', 'afterAll', ['node', 'node_modules/vitest/vitest.mjs', 'run']],
] as const

test.each(runners)(
  'expectTenantIsolation passes in %s, and the process ends',
  async (runner, after, command) => {
    const file = `tests/${runner.replace(':', '-')}.test.mjs`
    await writeFile(join(folder, file), testFile(runner, after, false))
    const { code, output } = await run([...command, file], folder, { TEST_DATABASE_URL: main.ownerUrl })
    expect({ code, output: code === 0 ? '' : output }).toEqual({ code: 0, output: '' })
    expect(output).toContain('public.tasks')
  },
  60_000,
)

test.each(runners)(
  'expectTenantIsolation fails in %s for a leak, and the process ends',
  async (runner, after, command) => {
    const file = `tests/${runner.replace(':', '-')}-leak.test.mjs`
    await writeFile(join(folder, file), testFile(runner, after, true))
    const { code, output } = await run([...command, file], folder, { TEST_DATABASE_URL: main.ownerUrl })
    expect(code).not.toBe(0)
    expect(output).toContain('public.tasks select: foreign 1')
  },
  60_000,
)

/** The test of docs/use-the-kit.md, with a pool of the project's own. */
const poolFile = (runner: string, after: string) => `
import { ${after}, test } from '${runner}'
import { createPool, createTenantDatabase } from 'rowhouse'
import { expectTenantIsolation } from 'rowhouse/testing'

const db = createTenantDatabase({ connections: createPool({ url: process.env.DATABASE_URL, size: 4 }) })
${after}(() => db.close())
test("no tenant reaches another tenant's rows", async () => { await expectTenantIsolation(db) })
`

test.each(runners)(
  'expectTenantIsolation passes in %s on a pool of the project, and the process ends',
  async (runner, after, command) => {
    const file = `tests/${runner.replace(':', '-')}-pool.test.mjs`
    await writeFile(join(folder, file), poolFile(runner, after))
    const { code, output } = await run([...command, file], folder, { DATABASE_URL: main.appUrl })
    expect({ code, output: code === 0 ? '' : output }).toEqual({ code: 0, output: '' })
  },
  60_000,
)

/** A script that never closes its database. */
const script = (body: string) => `
import { createPool, createTenantDatabase } from 'rowhouse'
import { withTenant } from 'rowhouse/testing'

const db = createTenantDatabase({ connections: createPool({ url: process.env.DATABASE_URL, size: 1, acquireTimeoutMs: 200 }) })
const asTenant = (work) => withTenant(crypto.randomUUID(), work)
${body}
`

const runtimes: [string, string][] = [
  ['Bun', process.execPath],
  ['Node', 'node'],
]

test.each(runtimes)(
  'a process whose connections are idle ends by itself on %s',
  async (name, runtime) => {
    const query = 'console.log((await asTenant(() => db.read((tx) => tx.execute("select 1")))).length)'
    await writeFile(join(folder, `idle-${name}.mjs`), script(query))
    await using child = start([runtime, `idle-${name}.mjs`], { DATABASE_URL: main.appUrl }, folder)
    expect({ code: await child.exited, stdout: child.stdout, stderr: child.stderr }).toEqual({
      code: 0,
      stdout: '1\n',
      stderr: '',
    })
  },
  20_000,
)

test.each(runtimes)(
  'a transaction that waits for a connection in vain gets its error on %s',
  async (name, runtime) => {
    // The first transaction never ends, and nothing else keeps the process.
    const wait = `await new Promise((opened) => void asTenant(() => db.write(async (tx) => {
      await tx.execute('select 1')
      opened()
      await new Promise(() => {})
    })))
    await asTenant(() => db.write((tx) => tx.execute('select 1'))).catch(({ code }) => console.log(code))`
    await writeFile(join(folder, `waiting-${name}.mjs`), script(wait))
    await using child = start([runtime, `waiting-${name}.mjs`], { DATABASE_URL: main.appUrl }, folder)
    await child.exited
    expect([child.stdout, child.stderr]).toEqual(['SERVICE_UNAVAILABLE\n', ''])
  },
  20_000,
)
