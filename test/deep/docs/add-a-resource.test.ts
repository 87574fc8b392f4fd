import { afterAll, expect, test } from 'bun:test'
import { existsSync, readFileSync } from 'node:fs'
import { cp, mkdtemp, readFile, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const root = join(import.meta.dir, '../../..')
const folder = await mkdtemp(join(tmpdir(), 'rowhouse-docs-'))
afterAll(() => rm(folder, { recursive: true, force: true }))

/** The commands of a page, one for each line of its shell blocks. */
async function commandsOf(page: string): Promise<string[]> {
  const text = await readFile(join(root, page), 'utf8')
  return [...text.matchAll(/^```sh\n(.*?)^```$/gms)].flatMap(([, block = '']) => block.trim().split('\n'))
}

const everyKind =
  'number:text(20), note:text(2000)?, kind:open|paid, state:low|high?, total:numeric(10, 2), lines:integer?, isDraft:boolean, dueOn:date, ' +
  'sentAt:timestamptz?, data:jsonb, userId:users'

/** Every file of some folders, with its text. */
function contents(...folders: string[]): Record<string, string> {
  const paths = folders.flatMap((name) => [...new Bun.Glob(`${name}/**/*`).scanSync(folder)])
  return Object.fromEntries(paths.map((path) => [path, readFileSync(join(folder, path), 'utf8')]))
}

function run(...command: string[]): string {
  const { success, stdout, stderr } = Bun.spawnSync(command, { cwd: folder, env: process.env })
  const output = `${stdout}${stderr}`
  if (!success) throw new Error(`${command.join(' ')}\n${output}`)
  return output
}

// Skipped in a project where the page was followed already.
test.skipIf(existsSync(join(root, 'db/schema/projects.ts')))(
  'docs/add-a-resource.md contains every step to add a resource',
  async () => {
    const service = [
      'src',
      'db',
      'drizzle',
      'sql',
      'package.json',
      'biome.json',
      '.gitignore',
      'tsconfig.json',
      'bunfig.toml',
      'drizzle.config.ts',
      'rowhouse.config.ts',
    ]
    const setUp = [
      'app.ts',
      'database.ts',
      'fast-folder.ts',
      'tenants.ts',
      'pooler.ts',
      'postgres.ts',
      'setup.ts',
      'properties',
    ].map((name) => `test/${name}`)
    const proofs = ['test/service/contract.test.ts', 'test/service/http/app.ts', 'test/testing/isolation.test.ts']
    // They import test/database, and no page needs that.
    const filter = (path: string) => !/properties\/(clean-connection|side-by-side)\.test\.ts$/.test(path)
    for (const path of [...service, ...setUp, ...proofs])
      await cp(join(root, path), join(folder, path), { recursive: true, filter })
    await symlink(join(root, 'node_modules'), join(folder, 'node_modules'))

    const [add = '', ...others] = await commandsOf('docs/add-a-resource.md')
    expect(add).toStartWith('bun run rowhouse add projects ')
    run('sh', '-c', add)
    const before = contents('src', 'db', 'sql', 'test')
    run('sh', '-c', add)
    expect(contents('src', 'db', 'sql', 'test')).toEqual(before)

    // Another one, with a column of each kind.
    run('sh', '-c', `bun run rowhouse add line_items --columns "${everyKind}"`)
    for (const command of others) run('sh', '-c', command)
    run(process.execPath, 'node_modules/.bin/tsc', '--noEmit')
    expect(contents('test')['test/service/http/line-items.test.ts']).toContain("from '../../tenants.ts'")
    run(process.execPath, 'node_modules/.bin/biome', 'ci', '--colors=off', '--error-on-warnings', 'src', 'db', 'test')
    const output = run(
      'bun',
      'test',
      ...proofs,
      'test/service/http/projects.test.ts',
      'test/service/http/line-items.test.ts',
      'test/properties/every-operation.test.ts',
    )
    expect(output).toContain("getProject: responds to another tenant's id as to an unknown id")
    for (const title of [
      'creates, lists, updates and deletes a project',
      'creates one project for a request that is sent twice with one key',
      'changes no project that has another version than If-Match says',
      'lists every project once, page by page',
      'lists every line item once, page by page',
      'every operation of the document > updateProject: writes what has the version of If-Match, and nothing else',
    ])
      expect(output).toContain(`(pass) ${title}`)
    expect(output).toContain('(pass) the properties send requests to every operation of the document')
    expect(output).toMatch(/^public\.projects +select +own 1 +foreign 0 +none 0 +ok$/m)
    expect(output).toMatch(/^public\.projects +reference \S+ +own - +foreign 0 +none - +ok$/m)
  },
  120_000,
)
