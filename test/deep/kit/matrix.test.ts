import { describe, expect, test } from 'bun:test'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { manifest } from '../../../package/manifest.ts'
import { createBareDatabase } from '../../database.ts'
import { start, until } from '../../runtime/child.ts'
import { nodePath } from '../cli/built.ts'
import { archive, commandsOf, createFolder, filesOf, resolutions, runs, typeErrors } from './project.ts'

// A stranger follows the README of the package. `bun run verify:packages` runs all of them.

type Versions = 'lowest' | 'newest'
type Manager = 'npm' | 'pnpm' | 'bun'
type Case = [versions: Versions, manager: Manager, runtime: string]

// npm installs the package in the other tests of this folder, and pnpm hides what a manifest forgets.
const deep: Case[] = [
  ['lowest', 'pnpm', 'Node 22'],
  ['newest', 'bun', 'Bun'],
]
const others: Case[] = [
  ['newest', 'pnpm', 'Node 24'],
  ['lowest', 'npm', 'Node 20'],
  ['lowest', 'npm', 'Node 22'],
  ['newest', 'npm', 'Node 20'],
  ['newest', 'npm', 'Node 22'],
  ['lowest', 'pnpm', 'Node 24'],
  ['lowest', 'bun', 'Bun'],
]
const cases = process.env.PACKAGES === 'all' ? [...deep, ...others] : deep

const readme = 'package/README.md'
const commands = await commandsOf(readme)
const files = await filesOf(readme)

/** The packages that the README installs, and those that its files need. */
async function dependenciesFor(versions: Versions): Promise<Record<string, string>> {
  const peers = ['hono', 'drizzle-orm', 'zod', '@hono/zod-openapi', 'jose'].map((name) => {
    const range = manifest.peerDependencies[name] ?? ''
    return [name, versions === 'lowest' ? range.replace('^', '') : range]
  })
  return { rowhouse: `file:${await archive()}`, '@hono/node-server': '^2.1.9', ...Object.fromEntries(peers) }
}

const install: Record<Manager, string[]> = {
  npm: ['npm', 'install', '--no-audit', '--no-fund'],
  pnpm: ['npx', '--yes', 'pnpm@10', 'install', '--ignore-scripts'],
  bun: [process.execPath, 'install'],
}

/** Installs the package as a stranger does, and writes the files of the README. */
async function createProject([versions, manager]: Case): Promise<string> {
  const typescript = versions === 'lowest' ? { typescript: '5.8.3' } : {}
  const devDependencies = { 'drizzle-kit': '^0.31.0', '@types/node': '^22.0.0', jiti: '^2.7.0', ...typescript }
  const project = { type: 'module', private: true, dependencies: await dependenciesFor(versions), devDependencies }
  const declaredApp = await readFile(join(import.meta.dir, 'declared-app.ts'), 'utf8')
  const folder = await createFolder({
    ...files,
    'declared-app.ts': declaredApp,
    'package.json': JSON.stringify(project),
  })
  await runs(install[manager], folder)
  return folder
}

describe.each(cases)('%s versions with %s on %s', (...one) => {
  const [, , runtime] = one
  const isBun = runtime === 'Bun'
  const program = () => (isBun ? process.execPath : nodePath(runtime.replace('Node ', '')))
  const isCompiled = runtime === 'Node 20' // it runs no TypeScript
  const script = (path: string) => (isCompiled ? `out/nodenext/${path.replace(/ts$/, 'js')}` : path)

  const tests = ['test/isolation.test.ts', 'test/tasks.test.ts']
  const prepared = prepare()
  prepared.catch(() => {}) // each test fails with it

  /** Runs the commands of the README, which also write the tests. */
  async function prepare() {
    const folder = await createProject(one)
    const database = await createBareDatabase()
    const env = { DATABASE_OWNER_URL: database.ownerUrl, DATABASE_URL: database.appUrl }
    for (const line of commands.filter((command) => command.startsWith('npx '))) {
      const [, name = '', ...parameters] = shellWords(line)
      await runs([program(), join(folder, 'node_modules', bins[name] ?? ''), ...parameters], folder, env)
    }
    return { folder, env }
  }

  test.each(Object.entries(resolutions))(
    'the files of the README and an application’s exports compile with %s resolution',
    async (name, resolution) => {
      const { folder } = await prepared
      const sources = [...Object.keys(files).filter((path) => path !== 'drizzle.config.ts'), 'declared-app.ts']
      const options = [...resolution, '--types', 'node', '--outDir', `out/${name}`]
      // The tests for Bun need its types, which a stranger does not have.
      expect(await typeErrors(folder, isBun ? sources : [...sources, ...tests], options)).toEqual([])
    },
  )

  test('the commands of the README lead to an API of two tables, and to green tests', async () => {
    const { folder, env } = await prepared
    const port = String(freePort())
    await using child = start([program(), script(isBun ? 'app.ts' : 'server.ts')], { ...env, PORT: port }, folder)
    await until(() => isListening(port))
    const answers = []
    for (const line of commands.filter((command) => command.startsWith('curl ')))
      answers.push(JSON.parse(await runs(['sh', '-c', line.replace(':3000', `:${port}`)], folder)))
    const note = { success: true, data: [{ text: 'Hello' }] }
    expect(answers).toMatchObject([note, note, { success: true, data: [] }])
    expect(child.stderr).toBe('')
    await runs([program(), isBun ? 'test' : '--test', ...tests.map(script)], folder, env)
  })
})

/** The words of a line of the shell. */
const shellWords = (line: string): string[] =>
  [...line.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, word]) => quoted ?? word ?? '')

const bins: Record<string, string> = { rowhouse: 'rowhouse/bin/rowhouse.js', 'drizzle-kit': 'drizzle-kit/bin.cjs' }

function freePort(): number {
  const server = Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: () => new Response() })
  const { port = 0 } = server
  server.stop(true)
  return port
}

const isListening = (port: string): Promise<boolean> =>
  fetch(`http://127.0.0.1:${port}/`).then(
    () => true,
    () => false,
  )
