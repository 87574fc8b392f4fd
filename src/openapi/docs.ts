import { SwaggerUI } from '@hono/swagger-ui'
import { Hono } from 'hono'
import { html, raw } from 'hono/html'
import { staticFile } from './static-file.ts'
import { assets, installedAssets, type LoadDocsAsset } from './swagger-ui-assets.ts'

export interface DocsOptions {
  /** The title of the page. */
  title: string
  /** The path of the OpenAPI document in this app. Behind a proxy that removes a prefix, the page finds it too. */
  documentUrl: string
  /** Loads the files of Swagger UI, where there is no file system. @default reads the installed package `swagger-ui-dist` */
  loadAsset?: LoadDocsAsset
}

/**
 * Creates the routes of the documentation page, for any path: Swagger UI from this origin, with a Content-Security-Policy that
 * blocks every other host.
 *
 * @throws OperatorError when `loadAsset` is not given and `swagger-ui-dist` is not installed
 * @example
 * app.route('/docs', docs({ title: 'Tasks', documentUrl: '/openapi.json' }))
 */
export function docs({ title, documentUrl, loadAsset = installedAssets() }: DocsOptions): Hono {
  const app = new Hono()
  app.get('/', (c) => {
    const nonce = crypto.randomUUID()
    // Swagger UI draws its icons from data: URLs.
    c.header(
      'Content-Security-Policy',
      `default-src 'none'; script-src 'self' 'nonce-${nonce}'; style-src 'self' 'nonce-${nonce}'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
    )
    c.header('Cache-Control', 'no-store')
    return c.html(page(title, relativeTo(c.req.path, documentUrl), folderOf(c.req.path), nonce))
  })
  for (const [name, type] of Object.entries(assets) as [keyof typeof assets, string][]) // the keys of a literal
    app.get(
      `/swagger-ui-dist/${name}`,
      staticFile({ type, cacheControl: 'public, max-age=86400', load: () => loadAsset(name) }),
    )
  return app
}

/**
 * The folder of the page's files, relative to the page: a browser drops what follows the last slash of its address. Relative, so
 * that it holds wherever the page is mounted, and behind a proxy that removes a prefix.
 */
const folderOf = (path: string): string => `./${path.slice(path.lastIndexOf('/') + 1)}`

/** A path of this origin relative to the page, for the same reasons. */
function relativeTo(page: string, url: string): string {
  if (!/^\/(?!\/)/.test(url)) return url
  return `./${'../'.repeat(page.split('/').length - 2)}${url.slice(1)}`
}

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
