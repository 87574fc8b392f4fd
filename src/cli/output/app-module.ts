import type { TenantIdType } from '../../context/index.ts'
import type { RowhouseConfig } from '../config.ts'
import { authCode, isolationCheckCode, tenantDatabaseCode, tenantIdField } from './option-code.ts'

/** An id of a type, for examples. */
const tenantIdSample: Record<TenantIdType, string> = {
  uuid: '550e8400-e29b-41d4-a716-446655440000',
  text: 'org_2NxVKbZ5YhM0',
  bigint: '4711',
}

/** The module of an app without routes yet, for a project that has none. */
export const appModule = (project: RowhouseConfig): string => `import {
  assertRowSecurity,
  claim,
  createDocument,
  createErrorHandler,
  createIsolationCheck,
  createPool,
  createRouter,
  createTenantDatabase,
  staticFile,
  tenant,
} from 'rowhouse'
import { jwt } from 'rowhouse/auth'

const url = process.env['DATABASE_URL']
if (!url) throw new Error('DATABASE_URL is not set')
// Row-level security does not apply to a superuser: with such a login every tenant would see all rows.
assertRowSecurity(await ${isolationCheckCode(project)}.inspect())

const db = ${tenantDatabaseCode(project, 10)}
// Replace it with your own: "rowhouse issuer" runs one for development.
const auth = ${authCode}
const forTenant = tenant({ from: claim()${tenantIdField(project)}, auth })

const app = createRouter()
app.onError(createErrorHandler())

const document = () =>
  createDocument(app, {
    title: 'App',
    version: '1.0.0',
    description: 'An API that keeps tenants apart',
    tags: {},
    tenantHeader: { name: 'X-Tenant-Id', example: '${tenantIdSample[project.tenantId]}' }${tenantIdField(project)},
    bearer: true,
  })
app.get('/openapi.json', staticFile({ type: 'application/json', load: async () => document() }))

export default app
`
