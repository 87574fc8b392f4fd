import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createBareDatabase } from '../../database.ts'
import { createBuiltProject, nodePath } from './built.ts'

const columns =
  'number:text(20), kind:open|paid, total:numeric(10, 2), lines:integer?, isDraft:boolean, dueOn:date, sentAt:timestamptz?, data:jsonb, noteId:notes'

const npm = { npm_config_user_agent: 'npm/11.0.0 node/v24.0.0' }
const bun = { npm_config_user_agent: 'bun/1.4.5 npm/? node/v24.3.0' }
// Node 20 loads no TypeScript by itself.
const runtimes: [string, string, () => string, Record<string, string>, string][] = [
  ['Node 20', 'text', () => nodePath('20'), npm, 'node --import jiti/register --test'],
  ['Bun', 'bigint', () => process.execPath, bun, 'bun test'],
]

describe.each(runtimes)('an empty folder on %s, with ids of type %s', (_, type, runtimeOf, agent, testCommand) => {
  let project: Awaited<ReturnType<typeof createBuiltProject>>
  let [runtime, printed] = ['', '']
  const env: Record<string, string> = { ...agent }
  beforeAll(async () => {
    runtime = runtimeOf()
    project = await createBuiltProject({
      'package.json': '{ "type": "module" }',
      'rowhouse.config.ts': `export default { tenantId: '${type}' }`,
    })
    const database = await createBareDatabase()
    Object.assign(env, { DATABASE_OWNER_URL: database.ownerUrl, DATABASE_URL: database.appUrl })
  }, 120_000)
  afterAll(() => project.remove())

  const programs: Record<string, string> = {
    rowhouse: 'rowhouse/bin/rowhouse.js',
    'drizzle-kit': 'drizzle-kit/bin.cjs',
  }
  /** Runs a command as it is printed, with the installed program in place of the package manager. */
  const run = async (command: string) => {
    const [program = '', ...parameters] = command.replace(/^\S*npx |^bunx /, '').split(' ')
    const path = programs[program]
    const whole = path ? [join(project.folder, 'node_modules', path), ...parameters] : parameters
    const outcome = await project.run([runtime, ...whole], env)
    if (outcome.code !== 0) throw new Error(`${command}\n${outcome.stdout}${outcome.stderr}`)
    return outcome.stdout
  }
  /** The commands of the next steps, without the URLs before them. */
  const commandsIn = (text: string) =>
    [...text.matchAll(/^ +(?:\w+=\S+ )*((?:npx|bunx|node|bun) (?!add|install).*)$/gm)].map(
      ([, command = '']) => command,
    )
  const sources = () =>
    Object.fromEntries(
      readdirSync(project.folder, { recursive: true, encoding: 'utf8' })
        .filter((path) => !path.startsWith('node_modules') && /\.(ts|sql)$/.test(path))
        .map((path) => [path, readFileSync(join(project.folder, path), 'utf8')]),
    )
  const compile = () =>
    project.run([
      process.execPath,
      'node_modules/typescript/bin/tsc',
      '--noEmit',
      '--strict',
      '--skipLibCheck',
      '--target',
      'esnext',
      '--module',
      'nodenext',
      '--allowImportingTsExtensions',
      '--exactOptionalPropertyTypes',
      '--types',
      'bun-types',
      'src/app.ts',
      ...readdirSync(join(project.folder, 'test')).map((name) => `test/${name}`),
    ])

  test('init leads to a green isolation test by the commands that it prints', async () => {
    printed = await run('rowhouse init')
    const commands = commandsIn(printed).map((command) => command.replace(/^(?:npx|bunx) /, ''))
    expect(commands).toEqual([
      'drizzle-kit generate',
      'rowhouse check',
      'rowhouse migrate',
      'rowhouse doctor',
      `${testCommand} test/isolation.test.ts`,
    ])
    for (const command of commands) await run(command)
  }, 120_000)

  test('add writes a resource whose tests are green, and changes nothing when it runs again', async () => {
    const add = [join(project.folder, 'node_modules/rowhouse/bin/rowhouse.js'), 'add', 'invoices', '--columns', columns]
    const { code, stdout, stderr } = await project.run([runtime, ...add], env)
    expect([code, stderr]).toEqual([0, ''])
    const before = sources()
    expect(await project.run([runtime, ...add], env)).toMatchObject({ code: 0 })
    expect(sources()).toEqual(before)
    expect(await compile()).toEqual({ code: 0, stdout: '', stderr: '' })
    for (const command of commandsIn(stdout)) await run(command)
    const tests = ['test/invoices.test.ts', 'test/isolation.test.ts']
    const [, ...command] = testCommand.split(' ')
    const outcome = await project.run([runtime, ...command, ...tests], env)
    expect(outcome).toMatchObject({ code: 0 })
    expect(outcome.stdout + outcome.stderr).toContain('public.invoices  select')
  }, 120_000)

  test('the app documents the resource', async () => {
    const script = `import app from './src/app.ts'
      const document = await (await app.request('/openapi.json')).json()
      console.log(Object.keys(document.paths).join(), (await app.request('/invoices')).status)
      process.exit()`
    await Bun.write(join(project.folder, 'try.ts'), script)
    const [, ...flags] = testCommand.split(' ').filter((word) => !/test$/.test(word))
    expect(await project.run([runtime, ...flags, 'try.ts'], env)).toMatchObject({
      stdout: '/invoices,/invoices/{id} 401\n',
    })
  }, 60_000)
})
