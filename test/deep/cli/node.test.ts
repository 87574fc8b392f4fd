import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { asOwner, createBareDatabase } from '../../database.ts'
import { createBuiltProject, nodePath, nodeVersions } from './built.ts'

// An enum, and an import as a bundler resolves it: Node alone loads neither. Node 20 reads no patterns.
const files = {
  'package.json': '{ "type": "module" }',
  'drizzle.config.ts': `import { defineConfig } from 'drizzle-kit'
    const schema = process.version.startsWith('v20') ? './db' : './db/*.ts'
    export default defineConfig({ dialect: 'postgresql', schema, out: './migrations', casing: 'snake_case' })`,
  'db/kind.ts': `import { pgEnum } from 'drizzle-orm/pg-core'
    export enum Kind { Short = 'short', Long = 'long' }
    export const kind = pgEnum('kind', Kind)`,
  'db/notes.ts': `import { sql } from 'drizzle-orm'
    import { pgTable, primaryKey, text, uuid } from 'drizzle-orm/pg-core'
    import { kind } from './kind'
    const columns = {
      tenantId: uuid().notNull().default(sql\`tenancy.current_tenant_id()\`),
      id: uuid().notNull().default(sql\`tenancy.uuid_v7()\`),
      body: text().notNull(),
      kind: kind(),
    }
    export const notes = pgTable('notes', columns, (t) => [primaryKey({ columns: [t.tenantId, t.id] })])`,
}

describe.each(nodeVersions.map((version) => [version]))('on Node %s', (version) => {
  let project: Awaited<ReturnType<typeof createBuiltProject>>
  let node = ''
  beforeAll(async () => {
    node = nodePath(version)
    project = await createBuiltProject(files)
  }, 120_000)
  afterAll(() => project.remove())

  test('init, upgrade, generate, check, migrate and doctor lead to a protected database', async () => {
    const database = await createBareDatabase()
    const env = { DATABASE_OWNER_URL: database.ownerUrl, DATABASE_URL: database.appUrl }
    const rowhouse = (...parameters: string[]) => project.run([node, project.command, ...parameters], env)
    expect(await rowhouse('init')).toMatchObject({ code: 0, stderr: '' })
    expect(await rowhouse('upgrade', '--check')).toMatchObject({ code: 0, stderr: '' })
    const generate = [node, join(project.folder, 'node_modules/drizzle-kit/bin.cjs'), 'generate']
    expect(await project.run(generate)).toMatchObject({ code: 0 })
    expect(await rowhouse('check')).toMatchObject({ code: 0, stderr: '' })
    expect(await rowhouse('migrate')).toMatchObject({ code: 0, stderr: '' })
    expect(await rowhouse('doctor')).toMatchObject({ code: 0, stderr: '' })
    const tables = await asOwner(database)`select relname from pg_class where relforcerowsecurity and relrowsecurity`
    expect(tables.map(({ relname }) => relname)).toEqual(['notes'])
  }, 120_000)

  test('issuer answers with a token', async () => {
    const issuer = Bun.spawn([node, project.command, 'issuer', '--port', '0'], { stdout: 'pipe', cwd: project.folder })
    const { value = new Uint8Array() } = await issuer.stdout.getReader().read()
    const [, port] = /localhost:(\d+)/.exec(new TextDecoder().decode(value)) ?? []
    const answer = await fetch(`http://127.0.0.1:${port}/token?tenant=550e8400-e29b-41d4-a716-446655440000`)
    issuer.kill()
    await issuer.exited
    expect(await answer.text()).toMatch(/^ey/)
  }, 60_000)

  test('names its version', async () => {
    const { version: known } = JSON.parse(readFileSync(join(import.meta.dir, '../../../package.json'), 'utf8'))
    expect(await project.run([node, project.command, '--version'])).toEqual({
      code: 0,
      stdout: `${known}\n`,
      stderr: '',
    })
  }, 60_000)
})

test('says that Node 20 reads no patterns', async () => {
  const project = await createBuiltProject(files)
  const init = ['init', '--schema', 'db/*.ts']
  const { code, stderr } = await project.run([nodePath('20'), project.command, ...init])
  project.remove()
  expect([code, stderr.replace(/20[.\d]+/, '20')]).toEqual([
    2,
    'Node 20 cannot read the pattern db/*.ts: name a module or a folder, or use Node 22\n',
  ])
}, 60_000)

test('names jiti where Node cannot load the schema without it', async () => {
  const project = await createBuiltProject(files, { without: ['jiti'] })
  const env = { npm_config_user_agent: 'pnpm/10.0.0 npm/? node/v22.0.0 linux x64' }
  const { code, stdout, stderr } = await project.run([nodePath('22'), project.command, 'init'], env)
  project.remove()
  expect([code, stdout]).toEqual([2, ''])
  expect(stderr).toContain('db/kind.ts cannot be loaded')
  expect(stderr).toContain('pnpm add --save-dev jiti')
}, 60_000)
