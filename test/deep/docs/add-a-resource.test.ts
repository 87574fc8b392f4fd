import { afterAll, expect, test } from 'bun:test'
import { existsSync } from 'node:fs'
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const root = join(import.meta.dir, '../../..')
const folder = await mkdtemp(join(tmpdir(), 'rowhouse-docs-'))
afterAll(() => rm(folder, { recursive: true, force: true }))

/** Follows a page of the docs: a block with a path is the content of that file, and a diff changes it. */
async function follow(page: string): Promise<void> {
  const text = await readFile(join(root, page), 'utf8')
  for (const [, language, path, block = ''] of text.matchAll(/^```(\w+) (\S+)\n(.*?)^```$/gms)) {
    const file = join(folder, path ?? '')
    if (language === 'diff') await writeFile(file, patched(await readFile(file, 'utf8'), block, path))
    else await Bun.write(file, block)
  }
}

function patched(source: string, diff: string, path = ''): string {
  const lines = diff.trimEnd().split('\n')
  const side = (without: string) => lines.filter((line) => !line.startsWith(without)).map((line) => line.slice(1))
  const [before, after] = [side('+').join('\n'), side('-').join('\n')]
  if (source.split(before).length !== 2) throw new Error(`${path} does not contain this text exactly once:\n${before}`)
  return source.replace(before, () => after)
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
      'tsconfig.json',
      'bunfig.toml',
      'drizzle.config.ts',
      'rowhouse.config.ts',
    ]
    const setUp = ['app.ts', 'database.ts', 'fast-folder.ts', 'pooler.ts', 'postgres.ts', 'setup.ts', 'properties'].map(
      (name) => `test/${name}`,
    )
    const proofs = ['test/service/contract.test.ts', 'test/testing/isolation.test.ts']
    // They import test/database, and no page needs that.
    const filter = (path: string) => !/properties\/(clean-connection|side-by-side)\.test\.ts$/.test(path)
    for (const path of [...service, ...setUp, ...proofs])
      await cp(join(root, path), join(folder, path), { recursive: true, filter })
    await symlink(join(root, 'node_modules'), join(folder, 'node_modules'))

    await follow('docs/add-a-resource.md')
    run('bun', 'run', 'rowhouse', 'init')
    run('bun', 'run', 'generate', '--name', 'projects')
    run(process.execPath, 'node_modules/.bin/tsc', '--noEmit')
    const output = run('bun', 'test', ...proofs, 'test/properties/every-operation.test.ts')
    expect(output).toContain("getProject: responds to another tenant's id as to an unknown id")
    expect(output).toContain('(pass) the properties send requests to every operation of the document')
    expect(output).toMatch(/^public\.projects +select +own 1 +foreign 0 +none 0 +ok$/m)
    expect(output).toMatch(/^public\.projects +reference \S+ +own - +foreign 0 +none - +ok$/m)
  },
  120_000,
)
