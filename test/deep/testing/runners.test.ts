import { afterAll, beforeAll, expect, test } from 'bun:test'
import { cp, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { main } from '../../database.ts'
import { root, start } from '../../runtime/child.ts'

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

/** The package as JavaScript, next to the packages of this repository, with vitest. */
async function install(): Promise<void> {
  const modules = join(folder, 'node_modules')
  await mkdir(join(folder, 'tests'), { recursive: true })
  await writeFile(join(folder, 'package.json'), '{ "type": "module", "private": true }')
  const npm = await run(['npm', 'install', '--no-audit', '--no-fund', '--no-package-lock', 'vitest@4'])
  if (npm.code !== 0) throw new Error(npm.output)
  for (const name of await readdir(join(root, 'node_modules')))
    await symlink(join(root, 'node_modules', name), join(modules, name)).catch(() => {}) // vitest has brought its own
  await mkdir(join(modules, 'rowhouse'))
  for (const name of ['package.json', 'src']) // Bun loads the sources
    await cp(join(root, name), join(modules, 'rowhouse', name), { recursive: true })
  for (const name of ['sql', 'drizzle']) await cp(join(root, name), join(folder, name), { recursive: true })
  const compiled = await run(
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
  if (compiled.code !== 0) throw new Error(compiled.output)
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
