import { expect, test } from 'bun:test'
import { join } from 'node:path'
import { ConfigError } from '../../src/errors/index.ts'
import { loadConfig } from '../../src/service/config/config.ts'
import { settings } from '../../src/service/config/settings.ts'

const root = join(import.meta.dir, '../..')
const page = await Bun.file(join(root, 'docs/configuration.md')).text()
const template = await Bun.file(join(root, '.env.example')).text()

/** The rows of docs/configuration.md, as setting and default. */
const rows = [...page.matchAll(/^\| `([A-Z_]+)` \| (.+?) \| /gm)].map(
  ([, name = '', cell = '']) => [name, cell] as const,
)
const lines = [...template.matchAll(/^#([A-Z_]+)=(.*)$/gm)].map(([, name = '', value = '']) => [name, value] as const)

const names = Object.keys(settings.shape)
/** Settings that only commands read. */
const ofCommands = [
  ...[
    'DATABASE_OWNER_URL',
    'DATABASE_DIRECTORY_URL',
    'DATABASE_ADMIN_URL',
    'DATABASE_BACKUP_URL',
    'DATABASE_WORKER_URL',
    'AUDIT_SIGNING_KEY',
    'AUDIT_VERIFY_KEY',
  ],
]

/** The default of each setting that has one. */
const defaults = Object.entries(settings.shape).flatMap(([name, rule]) => {
  const { success, data } = rule.safeParse(undefined)
  return success && data !== undefined ? [[name, String(data)] as const] : []
})

test.each([
  ['docs/configuration.md', rows],
  ['.env.example', lines],
])('%s has exactly the settings that the code reads, each once', (_, entries) => {
  expect(entries.map(([name]) => name).toSorted()).toEqual([...names, ...ofCommands].toSorted())
})

test('the commands read the settings that the service does not', async () => {
  const files = [...new Bun.Glob('src/cli/**/*.ts').scanSync(root)]
  const code = (await Promise.all(files.map((file) => Bun.file(join(root, file)).text()))).join('\n')
  for (const name of ofCommands)
    expect(code).toMatch(new RegExp(`\\{[^}]*\\b${name}\\b[^}]*\\} = (?:process|io)\\.env`))
})

test.each(defaults)('docs/configuration.md and .env.example have the default of %s: %s', (name, value) => {
  expect(new Map(rows).get(name)).toBe(`\`${value}\``)
  expect(new Map(lines).get(name)).toBe(value)
})

test('docs/configuration.md has literal defaults only for settings with a default', () => {
  const withDefault = defaults.map(([name]) => name)
  expect(withDefault.length).toBeGreaterThan(15)
  expect(rows.filter(([name, cell]) => !withDefault.includes(name) && /^`[^`]*`$/.test(cell))).toEqual([])
})

test('docs/configuration.md has the default of TENANT_FROM, which depends on AUTH', () => {
  const jwt = { AUTH: 'jwt', JWT_SECRET: 'x'.repeat(32), JWT_ISSUER: 'https://issuer.example', JWT_AUDIENCE: 'api' }
  const [plain, verified] = [{}, jwt].map((more) => loadConfig({ DATABASE_URL: 'postgres://x', ...more }).tenant.from)
  expect(new Map(rows).get('TENANT_FROM')).toBe(`\`${plain}\`, and \`${verified}\` with \`AUTH=jwt\``)
})

test('docs/configuration.md has the default of SHUTDOWN_DRAIN_MS, which depends on NODE_ENV', () => {
  const production = { NODE_ENV: 'production', ALLOW_UNVERIFIED: 'true', ROWHOUSE_SECRET: 'x'.repeat(32) }
  const [plain, deployed] = [{}, production].map(
    (more) => loadConfig({ DATABASE_URL: 'postgres://x', ...more }).server.shutdownDrainMs,
  )
  expect(new Map(rows).get('SHUTDOWN_DRAIN_MS')).toBe(`\`${plain}\`, and \`${deployed}\` with \`NODE_ENV=production\``)
})

test('docs/configuration.md shows the message for invalid settings', () => {
  const [, shown = ''] = /^```text\n(.*?)\n```$/ms.exec(page) ?? []
  const wrong = { DATABASE_URL: 'postgres://x', PORT: 'many', DATABASE_POOL_SIZE: '0' }
  expect(() => loadConfig(wrong)).toThrow(ConfigError)
  expect(() => loadConfig(wrong)).toThrow(new ConfigError(shown))
})
