import { Hono } from 'hono'
import { parseAccept } from 'hono/utils/accept'
import { publicPath } from '../../http/index.ts'
import { homePage, type PageTenant } from './page.ts'

export interface HomeOptions {
  name: string
  version: string
  /** The page of the demo. @default JSON for browsers too */
  page?:
    | { tenants: readonly PageTenant[]; tenantHeader: string; statementsOf(requestId: string): readonly string[] }
    | undefined
}

/** Creates the route `/`: where everything is, as JSON, or as a page for browsers while callers are unverified in development. */
export function homeRoutes({ name, version, page }: HomeOptions): Hono {
  const app = new Hono()
  app.get('/', (c) => {
    if (page) c.header('Vary', 'Accept')
    const at = (path: string) => publicPath(c, path)
    if (!page || !prefersHtml(c.req.header('Accept')))
      return c.json({ name, version, docs: at('/docs'), openapi: at('/openapi.json'), health: at('/health') })
    const nonce = crypto.randomUUID()
    c.header(
      'Content-Security-Policy',
      `default-src 'none'; script-src 'nonce-${nonce}'; style-src 'nonce-${nonce}'; img-src data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
    )
    c.header('Cache-Control', 'no-store')
    return c.html(homePage({ name, nonce, tenants: page.tenants, tenantHeader: page.tenantHeader }))
  })
  if (page)
    app.get('/demo/statements/:requestId', (c) => {
      c.header('Cache-Control', 'no-store')
      return c.json(page.statementsOf(c.req.param('requestId')))
    })
  return app
}

/** Browsers name HTML; programs name JSON or accept everything. */
function prefersHtml(accept = ''): boolean {
  const accepted = parseAccept(accept)
  const weightOf = (name: string) => accepted.find(({ type }) => type.toLowerCase() === name)?.q ?? 0
  return weightOf('text/html') > 0 && weightOf('text/html') >= weightOf('application/json')
}
