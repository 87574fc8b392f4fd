import { relative } from 'node:path'
import { configFile, defaults, type RowhouseConfig } from '../config.ts'
import { drizzleConfigFile } from '../drizzle-config.ts'
import { testCommand } from '../init/starter.ts'
import type { Runner } from '../runner.ts'
import type { SchemaTable } from '../schema/read-schema.ts'
import type { TestRunner } from '../test-runner.ts'
import { authCode, code, isolationCheckCode, tenantDatabaseCode, tenantIdField } from './option-code.ts'

/** What the printed commands depend on. */
export interface SetUp {
  servingRole: string
  runner: Runner
  testRunner: TestRunner
  /** Whether package.json says that its modules are ES modules. */
  isModule: boolean
  /** Whether package.json names drizzle-kit. */
  hasDrizzleKit: boolean
}

/** The steps after `rowhouse init`, with the paths, the serving role and the name of a table of the project. */
export function setUpLines(
  project: RowhouseConfig,
  tables: SchemaTable[],
  { servingRole, runner, testRunner, isModule, hasDrizzleKit }: SetUp,
): string {
  const database = 'localhost:5432/app'
  const user = encodeURIComponent(servingRole)
  const steps = [
    ...configLines(project),
    ...(isModule ? [] : ['Make the modules of the project ES modules:\n\n  npm pkg set type=module']),
    `Generate the migration of the tables:

${hasDrizzleKit ? '' : `  ${runner.add} --save-dev drizzle-kit\n`}${generate(project, runner)}`,
    `Check the SQL and the migrations, without a server:

  ${runner.run} rowhouse check`,
    `Create a database, and migrate it as its owner. This also creates the role ${servingRole}, for the service:

  psql postgres://owner@localhost:5432/postgres -c 'create database app'
  DATABASE_OWNER_URL=postgres://owner:…@${database} \\
    DATABASE_URL=postgres://${user}:…@${database} ${runner.run} rowhouse migrate`,
    `Check the database with the login of the service:

  DATABASE_URL=postgres://${user}:…@${database} ${runner.run} rowhouse doctor`,
    `Run the isolation test, on a database without rows of your own:

  DATABASE_URL=postgres://${user}:…@${database} ${testRunner === 'vitest' ? `${runner.run} ` : ''}${testCommand(testRunner, project)}`,
    `Use the tables in the service:

${serviceCode(project, tables)}`,
  ]
  return numbered(steps)
}

/** Steps with their numbers. */
export function numbered(steps: string[]): string {
  const lines = steps.map((step, index) => `${index + 1}. ${step.replaceAll(/\n(?=.)/g, '\n   ')}`)
  return `Next steps:\n\n${lines.join('\n\n')}`
}

/** The path of a file or folder as the project writes it. */
const inProject = ({ folder }: RowhouseConfig, path: string): string => `./${relative(folder, path)}`

const paths = (project: RowhouseConfig): string[] => project.schema.map((path) => inProject(project, path))

/** The flags of this run as a configuration file, for the next commands. */
export function configLines(project: RowhouseConfig): string[] {
  const { folder, schema, sql, migrations, tenantColumn, tenantId, shared, unreachable, casing } = project
  if (configFile(folder) !== undefined) return []
  const ofDrizzle = [
    ['schema', schema.length === 1 ? paths(project)[0] : paths(project), defaults.schema],
    ['migrations', inProject(project, migrations), defaults.migrations],
    ['casing', casing, undefined],
  ] as const
  const fields = [
    ...(drizzleConfigFile(folder) === undefined ? ofDrizzle : []),
    ['tenantColumn', tenantColumn, defaults.tenantColumn],
    ['tenantId', tenantId, defaults.tenantId],
    ['shared', shared, undefined],
    ['unreachable', unreachable, undefined],
    ['sql', inProject(project, sql), defaults.sql],
  ] as const
  const lines = fields
    .filter(([, value = '', byDefault]) => value !== byDefault && value.length > 0)
    .map(([field, value = '']) => `    ${field}: ${code(value)},`)
  if (lines.length === 0) return []
  return [
    `Save this as rowhouse.config.ts:

  import { defineConfig } from 'rowhouse/config'
  export default defineConfig({
${lines.join('\n')}
  })`,
  ]
}

function generate(project: RowhouseConfig, { run }: Runner): string {
  const flags = paths(project)
    .map((path) => `--schema ${path}`)
    .join(' ')
  const casing = project.casing === undefined ? '' : ` --casing ${project.casing}`
  const options = ` --dialect postgresql ${flags} --out ${inProject(project, project.migrations)}${casing}`
  return `  ${run} drizzle-kit generate${drizzleConfigFile(project.folder) === undefined ? options : ''}`
}

function serviceCode(project: RowhouseConfig, tables: SchemaTable[]): string {
  const table = tables.find(({ tenant, exportName }) => tenant && /^[\w$]+$/.test(exportName))
  const name = table?.exportName ?? 'notes'
  return `  import { Hono } from 'hono'
  import { assertRowSecurity, claim, createErrorHandler, createIsolationCheck, createPool } from 'rowhouse'
  import { createTenantDatabase, ok, tenant } from 'rowhouse'
  import { jwt } from 'rowhouse/auth'
  import { ${name} } from '${inProject(project, table?.file ?? project.schema[0] ?? defaults.schema)}'

  const url = process.env.DATABASE_URL
  if (!url) throw new Error('DATABASE_URL is not set')
  // Row-level security does not apply to a superuser: with such a login every tenant would see all rows.
  assertRowSecurity(await ${isolationCheckCode(project)}.inspect())

  const db = ${tenantDatabaseCode(project, 10)}
  const auth = ${authCode.replaceAll('\n', '\n  ')}
  const app = new Hono()
  app.onError(createErrorHandler())
  app.use('/${route(name)}/*', tenant({ from: claim()${tenantIdField(project)}, auth }))
  app.get('/${route(name)}', async (c) => ok(c, await db.read((tx) => tx.select().from(${name}))))
  export default app`
}

const route = (name: string): string =>
  name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`).replace(/^-/, '')
