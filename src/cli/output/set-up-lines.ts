import { existsSync } from 'node:fs'
import { join, relative } from 'node:path'
import type { RowhouseConfig } from '../config.ts'
import type { SchemaTable } from '../schema/read-schema.ts'

/** The code that a project still has to write once its SQL is there, with the names of its own first table. */
export function setUpLines(project: RowhouseConfig, tables: SchemaTable[]): string {
  const table = tables.find(({ tenant }) => tenant)
  const name = table?.exportName ?? 'notes'
  const path = relative(project.folder, project.schema)
  return `${config(project, path)}Prepare the database:

  DATABASE_OWNER_URL=postgres://owner:…@host/database DATABASE_URL=postgres://app_user:…@host/database rowhouse migrate

And in the service:

  import { createPool, createTenantDatabase, header, tenant } from 'rowhouse'
  import { ${name} } from './${path}'

  const db = createTenantDatabase({ connections: createPool({ url: process.env.DATABASE_URL ?? '', size: 10 }) })
  app.use('/${route(name)}', tenant({ from: header('X-Tenant-Id') }))
  app.get('/${route(name)}', async (c) => c.json(await db.read((tx) => tx.select().from(${name}))))`
}

const route = (name: string): string =>
  name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`).replace(/^-/, '')

/** What was said in flags, for the commands that come after this one. */
function config({ folder, schema, sql, migrations, tenantColumn, shared }: RowhouseConfig, path: string): string {
  if (existsSync(join(folder, 'rowhouse.config.ts'))) return ''
  const fields = [
    ['schema', `./${path}`, schema === join(folder, 'db/schema/index.ts')],
    ['tenantColumn', tenantColumn, tenantColumn === 'tenant_id'],
    ['shared', shared, shared.length === 0],
    ['sql', `./${relative(folder, sql)}`, sql === join(folder, 'sql')],
    ['migrations', `./${relative(folder, migrations)}`, migrations === join(folder, 'drizzle')],
  ] as const
  const said = fields
    .filter(([, , isDefault]) => !isDefault)
    .map(([field, value]) => `  ${field}: ${JSON.stringify(value)},`)
  if (said.length === 0) return ''
  return `Keep this as rowhouse.config.ts:

  import { defineConfig } from 'rowhouse/config'
  export default defineConfig({
${said.map((line) => `  ${line}`).join('\n')}
  })

`
}
