import { describe, expect, test } from 'bun:test'
import { runnerOf, withRunner } from '../../src/cli/runner.ts'
import { createProject, rowhouse } from './run.ts'

const started = (agent: string) => ({ env: { npm_config_user_agent: agent } })

describe('a command', () => {
  test.each([
    ['npm/10.8.2 node/v22.0.0 linux x64 workspaces/false', 'npx', 'npm install'],
    ['pnpm/10.1.0 npm/? node/v22.0.0 linux x64', 'pnpm', 'pnpm add'],
    ['yarn/1.22.22 npm/? node/v22.0.0 linux x64', 'yarn', 'yarn add'],
    ['bun/1.4.5 npm/? node/v24.3.0 linux x64', 'bunx', 'bun add'],
  ])('started by %s names this runner in its next steps', async (agent, run, add) => {
    using project = createProject({ 'schema.ts': schema })
    const init = ['init', '--schema', 'schema.ts']
    const { stdout } = await rowhouse(init, { cwd: project.folder, ...started(agent) })
    expect(stdout).toContain(`  ${add} --save-dev drizzle-kit\n`)
    expect(stdout).toContain(`  ${run} drizzle-kit generate `)
    expect(stdout).toContain(`  ${run} rowhouse check\n`)
  })

  test('names the runner in an error message', async () => {
    using project = createProject({})
    const { stderr } = await rowhouse(['check'], { cwd: project.folder, ...started('npm/10.8.2') })
    expect(stderr).toBe('The folder sql does not exist: "npx rowhouse init" writes it.\n')
  })

  test('names the runner in the remedy of a finding', async () => {
    using project = createProject({ 'schema.ts': schema, 'sql/20-tenancy.sql': '-- mine' })
    const init = ['init', '--schema', 'schema.ts', '--json']
    const { stdout } = await rowhouse(init, { cwd: project.folder, ...started('pnpm/10.1.0') })
    expect(JSON.parse(stdout).findings[0].remedy).toEndWith('and run "pnpm rowhouse init" again.')
  })

  test('names the runner in its help', async () => {
    const { stdout } = await rowhouse(['--help'], started('npm/10.8.2'))
    expect(stdout).toStartWith('Usage: npx rowhouse ')
    expect(stdout).not.toContain('bunx')
  })

  test.each(['init', 'check', 'doctor', 'migrate', 'tenant', 'issuer'])('%s names it in its help', async (command) => {
    const { stdout } = await rowhouse([command, '--help'], started('npm/10.8.2'))
    expect(stdout).toContain(` npx rowhouse ${command}`)
    expect(stdout).not.toContain('bunx')
  })
})

test('without a package manager the runner is that of the runtime', () => {
  expect(runnerOf({}).run).toBe('bunx')
  expect(runnerOf({ npm_config_user_agent: 'other/1.0' }).run).toBe('bunx')
})

describe('a script', () => {
  test('in the repository of the kit names "bun run", because no package runner finds the command there', async () => {
    const env = { npm_config_user_agent: 'bun/1.4.5', npm_package_name: 'rowhouse' }
    const { stdout } = await rowhouse(['worker', '--help'], { env })
    expect(stdout).toContain('  bun run rowhouse worker --once')
    expect(stdout).not.toContain('bunx')
  })

  test('with the name of the command in another project names the package runner', () => {
    const env = { npm_config_user_agent: 'npm/10.8.2', npm_package_name: 'shop', npm_lifecycle_event: 'rowhouse' }
    expect(runnerOf(env).run).toBe('npx')
  })
})

test('only commands in quotation marks get the runner', () => {
  const runner = runnerOf({ npm_config_user_agent: 'pnpm/10.1.0' })
  const text = 'rowhouse init, "rowhouse", "rowhouse init", run "npm install --save-dev jiti", "npm install"'
  expect(withRunner(text, runner)).toBe(
    'rowhouse init, "rowhouse", "pnpm rowhouse init", run "pnpm add --save-dev jiti", "npm install"',
  )
})

const schema = `import { pgTable, primaryKey, uuid } from 'drizzle-orm/pg-core'
export const notes = pgTable('notes', { tenantId: uuid('tenant_id').notNull(), id: uuid('id').notNull() },
  (t) => [primaryKey({ columns: [t.tenantId, t.id] })])`
