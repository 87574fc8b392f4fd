import { bodyLimit } from 'hono/body-limit'
import {
  type Authentication,
  ByteBudget,
  bodyLimits,
  claim,
  createDocument,
  createErrorHandler,
  createRouter,
  docs,
  firstOf,
  header,
  notFound,
  requestId,
  staticFile,
  tenant,
} from 'rowhouse'
import { auditRoutes, undoRoutes } from 'rowhouse/audit'
import { cursors } from 'rowhouse/lists'
import type { Database } from './database.ts'
import { attachmentConstraints, attachmentRoutes, uploadBytes } from './features/attachments.ts'
import { customerConstraints, customerRoutes } from './features/customers/routes.ts'
import { type Events, eventRoutes } from './features/events.ts'
import { invoiceConstraints, invoiceRoutes } from './features/invoices/routes.ts'
import { paymentConstraints, paymentRoutes } from './features/payments/routes.ts'
import { paymentSignature } from './features/payments/signature.ts'
import { vatRateRoutes } from './features/vat-rates.ts'
import { tenantId } from './schema.ts'

export interface AppOptions {
  db: Database
  auth: Authentication
  events: Events
  /** At least 32 characters, the same in every process: the cursors of lists are encrypted with it. */
  secret: string
  /** The secret that the payment provider signs its webhooks with. */
  paymentSecret: string
}

const jsonBytes = 128 * 1024

/** Builds the app. It opens no connection and reads no environment, so tests build it too. */
export function createApp({ db, auth, events, secret, paymentSecret }: AppOptions) {
  const app = createRouter()
  app.use(requestId())
  app.onError(
    createErrorHandler({
      constraints: { ...customerConstraints, ...invoiceConstraints, ...paymentConstraints, ...attachmentConstraints },
    }),
  )
  app.notFound(notFound)

  // First who calls and for which tenant, then the body: a stranger's body is never read.
  const forTenant = tenant({ from: firstOf(header('X-Tenant-Id'), claim()), auth, tenantId })
  const forCursors = cursors({ secret })
  const budget = new ByteBudget({ totalBytes: 64 * 1024 * 1024 })
  const resources = {
    '/attachments': attachmentRoutes({ db }),
    '/audit-log': auditRoutes({ db }),
    '/customers': customerRoutes({ db }),
    '/events': eventRoutes({ events }),
    '/invoices': invoiceRoutes({ db, events }),
    '/undo': undoRoutes({ db }),
    '/vat-rates': vatRateRoutes({ db }),
  }
  for (const [path, routes] of Object.entries(resources)) {
    const maxBytes = path === '/attachments' ? uploadBytes : jsonBytes
    app.use(`${path}/*`, forTenant, bodyLimits({ maxBytes, budget }), forCursors)
    app.route(path, routes)
  }

  // A webhook's tenant stands in its signed body, so the body is read first, and limited before that.
  app.use('/webhooks/payments', bodyLimit({ maxSize: jsonBytes }))
  app.use('/webhooks/payments', tenant({ from: claim(), auth: paymentSignature(paymentSecret), tenantId }))
  app.route('/webhooks/payments', paymentRoutes({ db, events }))

  const document = () => createDocument(app, { ...about, tenantId })
  app.get('/openapi.json', staticFile({ type: 'application/json', load: async () => document() }))
  app.route('/docs', docs({ title: about.title, documentUrl: '/openapi.json' }))
  return app
}

const about = {
  title: 'Invoices',
  version: '1.0.0',
  description: 'Invoices, customers and payments of many companies',
  tags: {
    attachments: 'Files of invoices',
    'audit-log': 'Who changed what',
    customers: 'Who gets invoices',
    events: 'What happens, as it happens',
    invoices: 'Invoices with lines, tags and totals',
    payments: 'The webhook of the payment provider',
    undo: 'Takes back what a request did',
    'vat-rates': 'Rates that all tenants share',
  },
  tenantHeader: { name: 'X-Tenant-Id', example: 'org_2NxVKbZ5YhM0' },
  bearer: true,
}
