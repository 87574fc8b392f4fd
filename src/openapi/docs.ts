import { SwaggerUI } from '@hono/swagger-ui'
import { Hono } from 'hono'
import { html, raw } from 'hono/html'

/** The files of `swagger-ui-dist` that the page uses, by name. */
export interface DocsAssets {
  'swagger-ui.css': string
  'swagger-ui-bundle.js': string
}

/** Loads an asset at its first request, since assets are large. */
export type LoadDocsAsset = (name: keyof DocsAssets) => Promise<string>

const types = { 'swagger-ui.css': 'text/css; charset=utf-8', 'swagger-ui-bundle.js': 'text/javascript; charset=utf-8' }

/**
 * Creates the routes of the documentation page, for any path: Swagger UI from this origin, with a Content-Security-Policy that
 * blocks every other host.
 *
 * @param options `title` of the page, `documentUrl` of the OpenAPI document, and `loadAsset`
 * @example
 * app.route('/docs', docs({ title: 'Tasks', documentUrl: '/openapi.json', loadAsset: readDocsAsset }))
 */
export function docs(options: { title: string; documentUrl: string; loadAsset: LoadDocsAsset }): Hono {
  const loaded = new Map<string, Promise<string>>()
  const load = (name: keyof DocsAssets) => {
    const asset = loaded.get(name) ?? options.loadAsset(name)
    loaded.set(name, asset)
    asset.catch(() => loaded.delete(name)) // a failed load is tried again
    return asset
  }
  const app = new Hono()
  app.get('/', (c) => {
    const nonce = crypto.randomUUID()
    // Swagger UI draws its icons from data: URLs.
    c.header(
      'Content-Security-Policy',
      `default-src 'none'; script-src 'self' 'nonce-${nonce}'; style-src 'self' 'nonce-${nonce}'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
    )
    c.header('Cache-Control', 'no-store')
    return c.html(page(options.title, options.documentUrl, folderOf(c.req.path), nonce))
  })
  for (const name of ['swagger-ui.css', 'swagger-ui-bundle.js'] as const)
    app.get(`/swagger-ui-dist/${name}`, async (c) => {
      c.header('Cache-Control', 'public, max-age=86400')
      return c.body(await load(name), 200, { 'Content-Type': types[name] })
    })
  return app
}

/**
 * The folder of the page's files, relative to the page: a browser drops what follows the last slash of its address. Relative, so
 * that it holds wherever the page is mounted, and behind a proxy that removes a prefix.
 */
const folderOf = (path: string): string => `./${path.slice(path.lastIndexOf('/') + 1)}`

function page(title: string, documentUrl: string, baseUrl: string, nonce: string) {
  // The markup of the package, with files of this origin instead of a CDN. Its inline script needs the nonce.
  const ui = SwaggerUI({
    url: documentUrl,
    baseUrl,
    validatorUrl: 'none',
    tryItOutEnabled: true,
    displayRequestDuration: true,
    defaultModelsExpandDepth: 0,
  })
  return html`<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <title>${title}</title>
    <link rel="icon" href="data:," />
    <style nonce="${nonce}">body { margin: 0 }</style>
  </head>
  <body>${raw(String(ui).replace('<script>', `<script nonce="${nonce}">`))}</body>
</html>
`
}
