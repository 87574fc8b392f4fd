import { serve } from '@hono/node-server'
import { assertRowSecurity, createIsolationCheck } from 'rowhouse'
import { jwt } from 'rowhouse/auth'
import { createApp } from './app.ts'
import { openDatabase } from './database.ts'
import { createEvents } from './features/events.ts'
import { shared } from './schema.ts'
import { setting } from './settings.ts'

const url = setting('DATABASE_URL')
const issuer = setting('JWT_ISSUER')

// Refuses to serve a database whose protection has a gap, and a login that sees the rows of all tenants.
const check = createIsolationCheck({ url, shared })
assertRowSecurity(await check.inspect())
await check.close()

const db = openDatabase(url)
const auth = jwt({
  key: { jwksUrl: new URL('/.well-known/jwks.json', issuer).href },
  issuer,
  audience: 'invoices',
  tenants: { claim: 'org_id', roles: 'role' },
})
const app = createApp({
  db,
  auth,
  events: createEvents(),
  secret: setting('ROWHOUSE_SECRET'),
  paymentSecret: setting('PAYMENT_SECRET'),
})
const port = Number(process.env.PORT ?? 3000)
const server = serve({ fetch: app.fetch, port }, () => console.info(`http://localhost:${port}/docs`))

process.once('SIGTERM', () => {
  server.close(() => void db.close())
  // Streams of events have no end of their own.
  setTimeout(() => process.exit(0), 5000).unref()
})
