import { describe, expect, test } from 'bun:test'
import { cpSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createProject, rowhouse } from './run.ts'

const root = join(import.meta.dir, '../..')
const commands = ['init', 'check', 'doctor', 'migrate', 'seed', 'tenant', 'issuer']

describe('rowhouse', () => {
  test('--help names every command', async () => {
    const { code, stdout, stderr } = await rowhouse(['--help'])
    expect([code, stderr]).toEqual([0, ''])
    expect([...stdout.matchAll(/^ {2}([a-z]+)(?: \[options\])? {2,}/gm)].map(([, name]) => name)).toEqual(commands)
  })

  test('--version says which it is', async () => {
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
    expect(await rowhouse(['--version'])).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' })
  })

  test.each(commands)('%s --help says what it takes, with an example', async (command) => {
    const { code, stdout, stderr } = await rowhouse([command, '--help'])
    expect([code, stderr]).toEqual([0, ''])
    expect(stdout).toMatch(new RegExp(`^Usage: rowhouse ${command} \\[options\\]`))
    expect(stdout).toMatch(new RegExp(`Examples?:\\n(.*\\n)* .*rowhouse ${command}`))
  })

  test.each([
    [['frobnicate']],
    [['check', '--nonsense']],
    [['check', 'more']],
    [['check', '--format', 'xml']],
    [['doctor', '--json', '--format', 'sarif']],
  ])('%p is refused with 2', async (parameters) => {
    const { code, stdout, stderr } = await rowhouse(parameters)
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toMatch(/^error: .*\nAdd --help for what it takes\.\n$/)
  })

  test('runs from the package, with nothing but what is packed', async () => {
    using project = createProject({ 'schema.ts': schema })
    const installed = join(project.folder, 'packages/rowhouse')
    mkdirSync(installed, { recursive: true })
    const { files, bin } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
    // The compiled kit is for those who import it.
    for (const path of ['package.json', ...files.filter((path: string) => path !== 'dist/kit')])
      cpSync(join(root, path), join(installed, path), { recursive: true })
    const command = [process.execPath, join(installed, bin.rowhouse), 'init', '--schema', 'schema.ts']
    const { exitCode, stdout } = Bun.spawnSync(command, { cwd: project.folder })
    expect(exitCode).toBe(0)
    expect(stdout.toString()).toContain('sql/40-protected-tables.sql written\n')
  })
})

const schema = `import { pgTable, primaryKey, uuid } from 'drizzle-orm/pg-core'
export const notes = pgTable('notes', { tenantId: uuid('tenant_id').notNull(), id: uuid('id').notNull() },
  (t) => [primaryKey({ columns: [t.tenantId, t.id] })])`
