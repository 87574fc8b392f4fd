import { beforeAll, describe, expect, test } from 'bun:test'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { manifest } from '../../../package/manifest.ts'
import { createIssuer } from '../../../src/cli/commands/issuer.ts'
import { run } from '../../cli/run.ts'
import { asOwner, createBareDatabase } from '../../database.ts'
import { start } from '../../runtime/child.ts'
import { newTenant } from '../../tenants.ts'
import { archive, commandsOf, createFolder, filesOf, resolutions, runs, typeErrors } from './project.ts'

const install = ['npm', 'install', '--prefer-offline', '--no-audit', '--no-fund']
const node = Bun.which('node') ?? process.execPath

/** A project with the package and its required peers, and nothing else. */
async function createProject(dependencies: Record<string, string> = {}): Promise<string> {
  const all = { rowhouse: `file:${await archive()}`, ...dependencies }
  const folder = await createFolder({ 'package.json': JSON.stringify({ type: 'module', dependencies: all }) })
  await runs(install, folder)
  return folder
}
const core = createProject()
core.catch(() => {}) // each test fails with it

describe('the package', () => {
  test('holds the kit, its command, its SQL and its docs, and nothing of the service', async () => {
    const installed = join(await core, 'node_modules/rowhouse')
    const files = await readdir(installed, { recursive: true })
    const top = (await readdir(installed)).toSorted()
    expect(top).toEqual(
      ['CHANGELOG.md', 'LICENSE', 'README.md', 'SECURITY.md', 'bin', 'docs', 'lib', 'package.json', 'sql'].toSorted(),
    )
    expect(files.filter((path) => /^(lib\/)?(cli\/)?(service|runtime|db|test|bench|seed)\b/.test(path))).toEqual([])
    expect(files).toContain('sql/30-protect.sql')
    expect(files).not.toContain('sql/40-protected-tables.sql')
  })

  test('takes at most 45 MB and 34 packages with its peers', async () => {
    const folder = await core
    const lock = JSON.parse(await readFile(join(folder, 'node_modules/.package-lock.json'), 'utf8'))
    const kilobytes = Number((await runs(['du', '-sk', 'node_modules'], folder)).split('\t')[0])
    expect(Object.keys(lock.packages).length).toBeLessThanOrEqual(34)
    expect(kilobytes / 1024).toBeLessThanOrEqual(45)
  })

  test('installs nothing that runs a script', async () => {
    const lock = JSON.parse(await readFile(join(await core, 'node_modules/.package-lock.json'), 'utf8'))
    const scripted = Object.entries<{ hasInstallScript?: boolean }>(lock.packages).filter(
      ([, at]) => at.hasInstallScript,
    )
    expect(scripted.map(([path]) => path)).toEqual([])
  })

  test('refuses the release candidates of drizzle-orm 1.0', async () => {
    const dependencies = { rowhouse: `file:${await archive()}`, 'drizzle-orm': '1.0.0-rc.1' }
    const folder = await createFolder({ 'package.json': JSON.stringify({ dependencies }) })
    const { code, stderr } = await run([...install, '--dry-run'], folder)
    expect(code).not.toBe(0)
    expect(stderr).toContain(`drizzle-orm@"${manifest.peerDependencies['drizzle-orm']}"`)
  })

  test.each(Object.keys(manifest.exports))('loads its entry %s without the optional packages', async (entry) => {
    const options = entry.endsWith('.json') ? ", { with: { type: 'json' } }" : ''
    const script = `await import('rowhouse${entry.slice(1)}'${options})`
    await runs([node, '--input-type=module', '-e', script], await core)
  })

  test.each(Object.entries(resolutions))(
    'compiles every entry without the optional packages and the types of Node, with %s resolution',
    async (_, resolution) => {
      const folder = await core
      const entries = Object.keys(manifest.exports).filter((name) => name !== './package.json')
      const text = entries.map((name, index) => `export * as entry${index} from 'rowhouse${name.slice(1)}'\n`).join('')
      await Bun.write(join(folder, 'entries.ts'), text)
      expect(await typeErrors(folder, ['entries.ts'], [...resolution, '--outDir', 'out'])).toEqual([])
    },
  )

  test('names a page in the project for a finding', async () => {
    const folder = await core
    const open = schema.replace('tenantColumns(),', '{ ...tenantColumns(), name: text().unique() },')
    await Bun.write(join(folder, 'open.js'), open)
    const init = ['init', '--schema', 'open.js', '--sql', 'other']
    const { stdout, stderr } = await run([node, 'node_modules/rowhouse/bin/rowhouse.js', ...init], folder)
    const [page = ''] = /\S*docs\/checks\/\S+\.md/.exec(stdout + stderr) ?? []
    expect(page).toStartWith('node_modules/rowhouse/docs/checks/')
    expect(await Bun.file(join(folder, page)).exists()).toBe(true)
  })

  test('is loaded by a CommonJS module', async () => {
    const script =
      "const { createPool } = require('rowhouse'); require('rowhouse/auth'); console.log(typeof createPool)"
    expect(await runs([node, '--input-type=commonjs', '-e', script], await core)).toContain('function')
  })
})

describe('an optional package that is missing', () => {
  const key = "{ jwksUrl: 'https://issuer.example/keys' }"
  const uses: [name: string, script: string, sentence: string][] = [
    [
      'jose',
      `import { jwt } from 'rowhouse/auth'; jwt({ key: ${key}, issuer: 'a', audience: 'b' })`,
      'npm install jose',
    ],
    ['tldts', "import { subdomain } from 'rowhouse'; subdomain()", 'npm install tldts'],
    [
      'swagger-ui-dist',
      "import { docs } from 'rowhouse'; docs({ title: 'A', documentUrl: '/openapi.json' })",
      'npm install --ignore-scripts swagger-ui-dist',
    ],
  ]
  test.each(uses)(
    '%s ends the process at the start, with the command that installs it',
    async (name, script, command) => {
      for (const program of [
        [node, '--input-type=module', '-e', script],
        [process.execPath, '-e', script],
      ]) {
        const { code, stderr } = await run(program, await core)
        expect(code).not.toBe(0)
        expect(stderr).toContain(`the package ${name}: run "${command}"`)
      }
    },
  )

  test('jose is not needed behind a gateway', async () => {
    const secret = 'x'.repeat(32)
    const script = `import { gateway } from 'rowhouse/auth'; gateway({ header: 'X-Gateway-Secret', secrets: ['${secret}'] })`
    await runs([node, '--input-type=module', '-e', script], await core)
  })

  test('PGlite is named by the command that needs it, and the others run without it', async () => {
    const folder = await core
    await Bun.write(join(folder, 'schema.js'), schema)
    const rowhouse = (name: string) =>
      run([node, join(folder, 'node_modules/rowhouse/bin/rowhouse.js'), name, '--schema', 'schema.js'], folder)
    expect(await rowhouse('init')).toMatchObject({ code: 0, stderr: '' })
    const { code, stderr } = await rowhouse('check')
    expect([code, stderr]).toEqual([
      2,
      'This command needs the package @electric-sql/pglite: run "npm install --save-dev @electric-sql/pglite"\n',
    ])
  })
})

const schema = `import { pgTable, primaryKey, text } from 'drizzle-orm/pg-core'
import { tenantColumns } from 'rowhouse'
export const notes = pgTable('notes', tenantColumns(), (t) => [primaryKey({ columns: [t.tenantId, t.id] })]).enableRLS()`

describe('docs/use-the-kit.md', () => {
  let folder = ''
  let files: Record<string, string> = {}
  let followed: string[] = []
  let database: Awaited<ReturnType<typeof createBareDatabase>>
  const extras = {
    jose: '^6.2.10',
    '@electric-sql/pglite': '^0.5.16',
    jiti: '^2.7.0',
  }

  beforeAll(async () => {
    database = await createBareDatabase()
    folder = await createProject({ ...extras, 'drizzle-kit': '^0.31.0' })
    files = { ...(await filesOf('docs/use-the-kit.md')), ...(await filesOf('README.md')) }
    for (const [path, text] of Object.entries(files)) await Bun.write(join(folder, path), text)
    followed = (await commandsOf('docs/use-the-kit.md'))
      .filter((line) => /^(npx|bunx) (rowhouse|drizzle-kit) /.test(line) && !/rowhouse (issuer|add)/.test(line))
      .map((line) => line.replace(/^\w+ /, ''))
    const env = { DATABASE_OWNER_URL: database.ownerUrl, DATABASE_URL: database.appUrl }
    for (const command of followed) {
      const [program = '', ...parameters] = command.split(' ')
      await runs([process.execPath, join(folder, 'node_modules/.bin', program), ...parameters], folder, env)
    }
  }, 120_000)

  test('its commands make a protected database of the example’s schema', async () => {
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

  test('the example of the README keeps two tenants apart with tokens', async () => {
    using server = Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: (request) => issuer.fetch(request) })
    const issuer = await createIssuer(server.url.origin, 'notes')
    await Bun.write(
      join(folder, 'app.ts'),
      (files['app.ts'] ?? '').replaceAll('https://issuer.example', server.url.origin),
    )
    await Bun.write(join(folder, 'try.ts'), script(server.url.origin))
    await using attempt = start([process.execPath, 'try.ts'], { DATABASE_URL: database.appUrl }, folder)
    expect({ code: await attempt.exited, stderr: attempt.stderr }).toEqual({ code: 0, stderr: '' })
    expect(JSON.parse(attempt.stdout)).toMatchObject([
      { success: true, data: [{ text: 'Hello' }] },
      { success: true, data: [] },
      { success: false, statusCode: 401, error: { code: 'UNAUTHORIZED' } },
    ])
  }, 60_000)

  test('the example of the README refuses the login of a superuser', async () => {
    await using attempt = start([process.execPath, 'app.ts'], { DATABASE_URL: database.ownerUrl }, folder)
    expect(await attempt.exited).not.toBe(0)
    expect(attempt.stderr).toContain('the serving role is a superuser')
  })

  test('the example of the README has at most twelve lines below its imports', () => {
    const lines = ['schema.ts', 'app.ts'].flatMap((path) => (files[path] ?? '').trim().split('\n'))
    expect(lines.filter((line) => line !== '' && !line.startsWith('import ')).length).toBeLessThanOrEqual(12)
  })
})

/** The answers of the example to a tenant that writes, to another one that reads, and to a caller without a token. */
const script = (issuer: string) => `import app from './app.ts'
  const as = async (tenant: string, method: string) => {
    const token = await (await fetch('${issuer}/token?tenant=' + tenant)).text()
    return app.request('/notes', { method, headers: { Authorization: 'Bearer ' + token } })
  }
  const answers = [await as('${newTenant()}', 'POST'), await as('${newTenant()}', 'GET'), await app.request('/notes')]
  console.log(JSON.stringify(await Promise.all(answers.map((answer) => answer.json()))))
  process.exit(0)`
