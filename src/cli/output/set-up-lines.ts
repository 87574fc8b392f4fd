import { existsSync } from 'node:fs'
import { join, relative } from 'node:path'
import { defaults, type RowhouseConfig } from '../config.ts'
import type { SchemaTable } from '../schema/read-schema.ts'

/** The steps after `rowhouse init`, with the paths, the serving role and the name of a table of the project. */
export function setUpLines(project: RowhouseConfig, tables: SchemaTable[], servingRole: string): string {
  const database = 'localhost:5432/app'
  const user = encodeURIComponent(servingRole)
  const steps = [
    ...configFile(project),
    `Generate the migration of the tables:

${generate(project)}`,
    `Check the SQL and the migrations, without a server:

  bunx rowhouse check`,
    `Create a database, and migrate it as its owner. This also creates the role ${servingRole}, for the service:

  psql postgres://owner@localhost:5432/postgres -c 'create database app'
  DATABASE_OWNER_URL=postgres://owner:…@${database} \\
    DATABASE_URL=postgres://${user}:…@${database} bunx rowhouse migrate`,
    `Check the database with the login of the service:

  DATABASE_URL=postgres://${user}:…@${database} bunx rowhouse doctor`,
    `Use the tables in the service:

${serviceCode(project, tables)}`,
  ]
  const numbered = steps.map((step, index) => `${index + 1}. ${step.replaceAll(/\n(?=.)/g, '\n   ')}`)
  return `Next steps:\n\n${numbered.join('\n\n')}`
}

/** The path of a file or folder as the project writes it. */
const inProject = ({ folder }: RowhouseConfig, path: string): string => `./${relative(folder, path)}`

/** The flags of this run as a configuration file, for the next commands. */
function configFile(project: RowhouseConfig): string[] {
  const { folder, schema, sql, migrations, tenantColumn, shared } = project
  if (existsSync(join(folder, 'rowhouse.config.ts'))) return []
  const fields = [
    ['schema', inProject(project, schema), defaults.schema],
    ['tenantColumn', tenantColumn, defaults.tenantColumn],
    ['shared', shared, undefined],
    ['sql', inProject(project, sql), defaults.sql],
    ['migrations', inProject(project, migrations), defaults.migrations],
  ] as const
  const lines = fields
    .filter(([, value, byDefault]) => value !== byDefault && value.length > 0)
    .map(([field, value]) => `    ${field}: ${JSON.stringify(value)},`)
  if (lines.length === 0) return []
  return [
    `Save this as rowhouse.config.ts:

  import { defineConfig } from 'rowhouse/config'
  export default defineConfig({
${lines.join('\n')}
  })`,
  ]
}

function generate(project: RowhouseConfig): string {
  const hasConfig = ['ts', 'js', 'json'].some((kind) => existsSync(join(project.folder, `drizzle.config.${kind}`)))
  const [schema, out] = [inProject(project, project.schema), inProject(project, project.migrations)]
  return `  bun add -d drizzle-kit
  bunx drizzle-kit generate${hasConfig ? '' : ` --dialect postgresql --schema ${schema} --out ${out}`}`
}

function serviceCode(project: RowhouseConfig, tables: SchemaTable[]): string {
  const { tenantColumn, shared } = project
  const name = tables.find(({ tenant, exportName }) => tenant && /^[\w$]+$/.test(exportName))?.exportName ?? 'notes'
  const options = [
    'url',
    ...(tenantColumn === defaults.tenantColumn ? [] : [`tenantColumn: ${JSON.stringify(tenantColumn)}`]),
    ...(shared.length === 0 ? [] : [`shared: ${JSON.stringify(shared)}`]),
  ]
  return `  import { Hono } from 'hono'
  import { assertRowSecurity, claim, createErrorHandler, createIsolationCheck, createPool } from 'rowhouse'
  import { createTenantDatabase, ok, tenant } from 'rowhouse'
  import { jwt } from 'rowhouse/auth'
  import { ${name} } from '${inProject(project, project.schema)}'

  const url = process.env.DATABASE_URL
  if (!url) throw new Error('DATABASE_URL is not set')
  // Row-level security does not apply to a superuser: with such a login every tenant would see all rows.
  assertRowSecurity(await createIsolationCheck({ ${options.join(', ')} }).inspect())

  const db = createTenantDatabase({ connections: createPool({ url, size: 10 }) })
  const auth = jwt({
    key: { jwksUrl: 'https://issuer.example/.well-known/jwks.json' },
    issuer: 'https://issuer.example',
    audience: 'app',
  })
  const app = new Hono()
  app.onError(createErrorHandler())
  app.use('/${route(name)}/*', tenant({ from: claim(), auth }))
  app.get('/${route(name)}', async (c) => ok(c, await db.read((tx) => tx.select().from(${name}))))
  export default app`
}

const route = (name: string): string =>
  name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`).replace(/^-/, '')
