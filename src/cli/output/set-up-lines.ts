import { existsSync } from 'node:fs'
import { join, relative } from 'node:path'
import type { RowhouseConfig } from '../config.ts'
import type { SchemaTable } from '../schema/read-schema.ts'

/** Instructions for the steps after `rowhouse init`, with the name of a table of the project. */
export function setUpLines(project: RowhouseConfig, tables: SchemaTable[]): string {
  const table = tables.find(({ tenant }) => tenant)
  const name = table?.exportName ?? 'notes'
  const path = relative(project.folder, project.schema)
  return `${configFile(project, path)}Prepare the database:

  DATABASE_OWNER_URL=postgres://owner:…@host/database DATABASE_URL=postgres://app_user:…@host/database rowhouse migrate

Use the tables in the service:

  import { createPool, createTenantDatabase, header, tenant } from 'rowhouse'
  import { ${name} } from './${path}'

  const db = createTenantDatabase({ connections: createPool({ url: process.env.DATABASE_URL ?? '', size: 10 }) })
  app.use('/${route(name)}', tenant({ from: header('X-Tenant-Id') }))
  app.get('/${route(name)}', async (c) => c.json(await db.read((tx) => tx.select().from(${name}))))`
}

const route = (name: string): string =>
  name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`).replace(/^-/, '')

/** The flags of this run as a configuration file, for the next commands. */
function configFile({ folder, schema, sql, migrations, tenantColumn, shared }: RowhouseConfig, path: string): string {
  if (existsSync(join(folder, 'rowhouse.config.ts'))) return ''
  const fields = [
    ['schema', `./${path}`, schema === join(folder, 'db/schema/index.ts')],
    ['tenantColumn', tenantColumn, tenantColumn === 'tenant_id'],
    ['shared', shared, shared.length === 0],
    ['sql', `./${relative(folder, sql)}`, sql === join(folder, 'sql')],
    ['migrations', `./${relative(folder, migrations)}`, migrations === join(folder, 'drizzle')],
  ] as const
  const lines = fields
    .filter(([, , isDefault]) => !isDefault)
    .map(([field, value]) => `  ${field}: ${JSON.stringify(value)},`)
  if (lines.length === 0) return ''
  return `Save this as rowhouse.config.ts:

  import { defineConfig } from 'rowhouse/config'
  export default defineConfig({
${lines.map((line) => `  ${line}`).join('\n')}
  })

`
}
