import type { TenantIdType } from '../../context/index.ts'

/** An option of `tenant()` and of the tenant database, where tenant ids are no uuid. */
export const tenantIdField = (type: TenantIdType): string => (type === 'uuid' ? '' : `, tenantId: '${type}'`)

/** An id of a type, for examples. */
export const tenantIdSample: Record<TenantIdType, string> = {
  uuid: '550e8400-e29b-41d4-a716-446655440000',
  text: 'org_2NxVKbZ5YhM0',
  bigint: '4711',
}

/** The module of an app without routes yet, for a project that has none. */
export const appModule = (type: TenantIdType): string => `import {
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
assertRowSecurity(await createIsolationCheck({ url }).inspect())

const db = createTenantDatabase({ connections: createPool({ url, size: 10 })${tenantIdField(type)} })
// Replace it with your own: "rowhouse issuer" runs one for development.
const auth = jwt({
  key: { jwksUrl: 'https://issuer.example/.well-known/jwks.json' },
  issuer: 'https://issuer.example',
  audience: 'app',
})
const forTenant = tenant({ from: claim()${tenantIdField(type)}, auth })

const app = createRouter()
app.onError(createErrorHandler())

const document = () =>
  createDocument(app, {
    title: 'App',
    version: '1.0.0',
    description: 'An API that keeps tenants apart',
    tags: {},
    tenantHeader: { name: 'X-Tenant-Id', example: '${tenantIdSample[type]}' }${tenantIdField(type)},
    bearer: true,
  })
app.get('/openapi.json', staticFile({ type: 'application/json', load: async () => document() }))

export default app
`
