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
  /**
   * Tenants to choose from, for a service in development: the chosen one is the key of the security scheme `tenant`.
   *
   * @default none: a reader of the page enters the key
   */
  tenants?: readonly { name: string; id: string }[] | undefined
}

/**
 * Creates the routes of the documentation page, for any path: Swagger UI from this origin, with a Content-Security-Policy that
 * blocks every other host.
 *
 * @throws OperatorError when `loadAsset` is not given and `swagger-ui-dist` is not installed
 * @example
 * app.route('/docs', docs({ title: 'Tasks', documentUrl: '/openapi.json' }))
 */
export function docs({ title, documentUrl, loadAsset = installedAssets(), tenants = [] }: DocsOptions): Hono {
  const app = new Hono()
  app.get('/', (c) => {
    const nonce = crypto.randomUUID()
    // Swagger UI draws its icons from data: URLs.
    c.header(
      'Content-Security-Policy',
      `default-src 'none'; script-src 'self' 'nonce-${nonce}'; style-src 'self' 'nonce-${nonce}'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
    )
    c.header('Cache-Control', 'no-store')
    const at = relativeTo(c.req.path, documentUrl)
    return c.html(page({ title, documentUrl: at, baseUrl: folderOf(c.req.path), nonce, tenants }))
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

interface Page extends Required<Pick<DocsOptions, 'title' | 'documentUrl'>> {
  baseUrl: string
  nonce: string
  tenants: readonly { name: string; id: string }[]
}

function page({ title, documentUrl, baseUrl, nonce, tenants }: Page) {
  // The markup of the package, with files of this origin instead of a CDN. Its inline script needs the nonce.
  const ui = SwaggerUI({
    url: documentUrl,
    baseUrl,
    validatorUrl: 'none',
    tryItOutEnabled: true,
    displayRequestDuration: true,
    defaultModelsExpandDepth: 0,
    ...(tenants.length > 0 ? { onComplete: chooseTenant } : {}),
  })
  return html`<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <title>${title}</title>
    <link rel="icon" href="data:," />
    <meta name="color-scheme" content="light dark" />
    <style nonce="${nonce}">${raw(style)}</style>
    <script nonce="${nonce}">${raw(followScheme)}</script>
  </head>
  <body>${tenants.length > 0 ? chooser(tenants) : ''}${raw(String(ui).replace('<script>', `<script nonce="${nonce}">`))}</body>
</html>
`
}

const style = `body { margin: 0 } html.dark-mode body { background: #1c2022; color: #e4e6e6 }
.tenant { display: flex; flex-wrap: wrap; gap: .25rem 1rem; margin: 0; border: 0; padding: .75rem 1.25rem; font: 1rem/1.5 system-ui, sans-serif }
.tenant legend { float: left; padding: 0; font-weight: 600 }
@media (max-width: 40rem) { .swagger-ui .response-col_links { display: none } }`

/** Swagger UI has a dark mode, and leaves it to the page. */
const followScheme = `const dark = matchMedia('(prefers-color-scheme: dark)')
const follow = () => document.documentElement.classList.toggle('dark-mode', dark.matches)
dark.addEventListener('change', follow)
follow()`

const chooser = (tenants: Page['tenants']) => html`<fieldset class="tenant">
      <legend>Requests are of</legend>
      ${tenants.map(({ name, id }, index) => html`<label><input type="radio" name="tenant" value="${id}" ${index === 0 ? 'checked' : ''} /> ${name}</label>`)}
    </fieldset>`

/** The code that gives Swagger UI the chosen tenant. */
const chooseTenant = `() => {
  const choose = () => ui.preauthorizeApiKey('tenant', document.querySelector('input[name=tenant]:checked').value)
  document.querySelector('.tenant').addEventListener('change', choose)
  choose()
}`
