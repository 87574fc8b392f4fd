import { html, raw } from 'hono/html'
import { script } from './page-script.ts'
import { style } from './page-style.ts'

/** A tenant that the page shows. */
export interface PageTenant {
  name: string
  id: string
}

interface PageOptions {
  name: string
  nonce: string
  tenants: readonly PageTenant[]
  tenantHeader: string
}

/** The page of the demo: two tenants side by side, and what PostgreSQL got. It loads nothing from another host. */
export function homePage({ name, nonce, tenants, tenantHeader }: PageOptions) {
  const settings = JSON.stringify({ tenants, tenantHeader }).replaceAll('<', '\\u003c')
  return html`<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <meta name="color-scheme" content="light dark" />
    <title>${name}</title>
    <link rel="icon" href="data:," />
    <style nonce="${nonce}">${raw(style)}</style>
  </head>
  <body>
    <header>
      <h1>${name}</h1>
      <p>Two tenants in one table. Each sees its own rows only, because PostgreSQL's row-level security filters every query.</p>
      <nav aria-label="Service">
        <a href="docs">API documentation</a>
        <a href="openapi.json">OpenAPI</a>
        <a href="health">Health</a>
        <a href="ready">Readiness</a>
      </nav>
    </header>
    <main>
      <div class="tenants">${tenants.map(tenantSection)}</div>
      <section aria-labelledby="last">
        <h2 id="last">The last request</h2>
        <p id="request" role="status">Add a task, or read one of the other tenant.</p>
        <pre id="response" tabindex="0" aria-label="Response" hidden></pre>
        <h3 id="got" hidden>What PostgreSQL got</h3>
        <ol id="statements" aria-labelledby="got"></ol>
      </section>
    </main>
    <noscript><p>This page needs JavaScript. The API does not: see the documentation.</p></noscript>
    <script nonce="${nonce}">${raw(`const settings = ${settings}\n${script}`)}</script>
  </body>
</html>
`
}

const tenantSection = ({
  name,
  id,
}: PageTenant) => html`<section class="tenant" data-tenant="${id}" aria-labelledby="of-${id}">
  <h2 id="of-${id}">${name}</h2>
  <p class="id">${id}</p>
  <form>
    <label>New task of ${name} <input name="title" required maxlength="200" autocomplete="off" /></label>
    <button>Add</button>
  </form>
  <ul aria-label="Tasks of ${name}"></ul>
</section>`
