import { describe, expect, test } from 'bun:test'
import { cpSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { loadRowhouseConfig } from '../../src/cli/config.ts'
import { createProject, rowhouse, spawnRowhouse } from './run.ts'

const root = join(import.meta.dir, '../..')
const commands = [
  'init',
  'add',
  'check',
  'doctor',
  'migrate',
  'upgrade',
  'tenant',
  'undo',
  'worker',
  'audit',
  'purge',
  'issuer',
]

describe('rowhouse', () => {
  test('lists every command with --help', async () => {
    const { code, stdout, stderr } = await rowhouse(['--help'])
    expect([code, stderr]).toEqual([0, ''])
    expect([...stdout.matchAll(/^ {2}([a-z]+)(?: \[options\])?(?: <[\w-]+>)? {2,}/gm)].map(([, name]) => name)).toEqual(
      commands,
    )
  })

  test('prints its version', async () => {
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
    expect(await spawnRowhouse(['--version'])).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' })
  })

  test.each(commands)('%s --help shows its options and an example', async (command) => {
    const { code, stdout, stderr } = await rowhouse([command, '--help'])
    expect([code, stderr]).toEqual([0, ''])
    expect(stdout).toMatch(new RegExp(`^Usage: bunx rowhouse ${command} \\[options\\]`))
    expect(stdout).toMatch(new RegExp(`Examples?:\\n(.*\\n)* .*bunx rowhouse ${command}`))
  })

  test('--help shows the defaults of the flags that rowhouse.config.ts can set', async () => {
    const { stdout } = await rowhouse(['check', '--help'])
    const text = stdout.replaceAll(/\s+/g, ' ')
    expect(text).toMatch(/--schema <module> [^(]*\(default: \.\/db\/schema\/index\.ts\)/)
    expect(text).toMatch(/--sql <folder> [^(]*\(default: \.\/sql\)/)
    expect(text).toMatch(/--migrations <folder> [^(]*\(default: \.\/drizzle\)/)
    expect(text).toMatch(/--tenant-column <name> [^(]*\(default: tenant_id\)/)
  })

  test('--help describes every field of rowhouse.config.ts', async () => {
    const { stdout } = await rowhouse(['--help'])
    const [, fields = ''] = stdout.match(/export default defineConfig\(\{\n([\s\S]*?)\n {2}\}\)/) ?? []
    using project = createProject({})
    const byDefault = await loadRowhouseConfig({}, project.folder)
    await Bun.write(join(project.folder, 'rowhouse.config.ts'), `export default {${fields}\n}`)
    expect(await loadRowhouseConfig({}, project.folder)).toEqual(byDefault)
    const named = [...fields.matchAll(/^ +(\w+):/gm)].map(([, field]) => field)
    expect([...named, 'folder'].toSorted()).toEqual(Object.keys(byDefault).toSorted())
  })

  test.each([
    [['frobnicate']],
    [['check', '--nonsense']],
    [['check', 'more']],
    [['check', '--format', 'xml']],
    [['doctor', '--json', '--format', 'sarif']],
  ])('rejects %p with exit code 2', async (parameters) => {
    const { code, stdout, stderr } = await rowhouse(parameters)
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toMatch(/^error: .*\nRun the command with --help to see its options\.\n$/)
  })

  test('writes colours to a terminal, unless NO_COLOR is set', async () => {
    using project = createProject({ 'schema.ts': schema })
    const run = { cwd: project.folder, isTerminal: true }
    const init = ['init', '--dry-run', '--schema', 'schema.ts']
    expect((await rowhouse(init, run)).stdout).toContain('\u001b[32m0 errors')
    expect((await rowhouse(init, { ...run, env: { NO_COLOR: '1' } })).stdout).not.toContain('\u001b')
    expect((await rowhouse(init, { cwd: project.folder })).stdout).not.toContain('\u001b')
  })

  test('exits with 2 as a process, and writes the message to stderr', async () => {
    const { code, stdout, stderr } = await spawnRowhouse(['doctor'])
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toContain('DATABASE_URL')
  })

  test('exits with 1 as a process when it has findings', async () => {
    using project = createProject({ 'schema.ts': schema.replace('t.tenantId, t.id', 't.id, t.tenantId') })
    const init = ['init', '--dry-run', '--schema', 'schema.ts', '--format', 'json']
    const { code, stdout, stderr } = await spawnRowhouse(init, { cwd: project.folder })
    expect([code, stderr]).toEqual([1, ''])
    expect(JSON.parse(stdout).summary.errors).toBe(1)
  })

  test('reads no settings and changes no exit code of the process that imports it', async () => {
    const before = process.exitCode
    expect(await rowhouse(['migrate'])).toMatchObject({ code: 2 })
    expect(process.exitCode).toBe(before)
  })

  test('runs from the files of the package', async () => {
    using project = createProject({ 'schema.ts': schema })
    const installed = join(project.folder, 'packages/rowhouse')
    mkdirSync(installed, { recursive: true })
    const { bin } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
    for (const path of ['package.json', 'src', 'sql'])
      cpSync(join(root, path), join(installed, path), { recursive: true })
    const init = ['init', '--schema', 'schema.ts']
    const { code, stdout } = await spawnRowhouse(init, { cwd: project.folder }, join(installed, bin.rowhouse))
    expect(code).toBe(0)
    expect(stdout).toContain('sql/40-protected-tables.sql written\n')
  })
})

const schema = `import { pgTable, primaryKey, uuid } from 'drizzle-orm/pg-core'
export const notes = pgTable('notes', { tenantId: uuid('tenant_id').notNull(), id: uuid('id').notNull() },
  (t) => [primaryKey({ columns: [t.tenantId, t.id] })])`
