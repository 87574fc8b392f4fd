import type { RowhouseConfig } from '../config.ts'
import { authCode, cursorsCode, isolationCheckCode, tenantDatabaseCode, tenantIdField } from './option-code.ts'

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
import { cursors } from 'rowhouse/lists'

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
${cursorsCode('app')}

const document = () =>
  createDocument(app, {
    title: 'App',
    version: '1.0.0',
    description: 'An API that keeps tenants apart',
    tags: {},
    bearer: true,
  })
app.get('/openapi.json', staticFile({ type: 'application/json', load: async () => document() }))

export default app
`
