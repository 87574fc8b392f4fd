import { describe, expect, setDefaultTimeout, test } from 'bun:test'
import { SignJWT } from 'jose'
import { chromium, openPage } from '../../browser.ts'
import { createDatabase } from '../../database.ts'
import { startServer } from '../../runtime/child.ts'
import { newTenant } from '../../tenants.ts'
import { nginx, startNginx } from './nginx.ts'

setDefaultTimeout(120_000)

const secret = 'x'.repeat(32)

const tokenFor = (tenant: string): Promise<string> =>
  new SignJWT({ tenant_id: tenant })
    .setProtectedHeader({ alg: 'HS256' })
    .setIssuer('https://issuer.example')
    .setAudience('api')
    .setSubject('ada')
    .setExpirationTime('1h')
    .sign(new TextEncoder().encode(secret))

/** A page on an origin of its own. */
const servePage = () =>
  Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    fetch: () => new Response('<!doctype html><title>Front end</title>', { headers: { 'Content-Type': 'text/html' } }),
  })

/** An expression that sends a request, and returns its status, its body and the headers that the page can read. */
const request = (url: string, init: RequestInit = {}) => `(async () => {
  const response = await fetch(${JSON.stringify(url)}, ${JSON.stringify(init)})
  const text = await response.text()
  return { status: response.status, headers: Object.fromEntries(response.headers), body: text && JSON.parse(text) }
})()`

describe.skipIf(chromium === undefined || nginx === undefined)('in Chromium, behind nginx that removes /api', () => {
  test('a page on an allowed origin creates and reads a task with a token, and reads the exposed headers', async () => {
    using front = servePage()
    using other = servePage()
    const database = await createDatabase()
    await using service = startServer({
      DATABASE_URL: database.appUrl,
      AUTH: 'jwt',
      JWT_SECRET: secret,
      JWT_ISSUER: 'https://issuer.example',
      JWT_AUDIENCE: 'api',
      TRUST_PROXY: '1',
      RATE_LIMIT: '8',
      CORS_ORIGINS: front.url.origin,
    })
    await using proxy = await startNginx(await service.listening())
    const headers = { Authorization: `Bearer ${await tokenFor(newTenant())}`, 'Content-Type': 'application/json' }
    const page = await openPage()
    await page.goto(front.url.href)
    const send = (path: string, init: RequestInit = {}) =>
      page.evaluate(request(proxy.url + path, { headers, ...init }))
    const post = (path: string, body: object) => send(path, { method: 'POST', body: JSON.stringify(body) })

    const user = await post('/api/users', { email: 'ada@acme.example', name: 'Ada' })
    expect(user).toMatchObject({ status: 201, headers: { location: expect.stringMatching(/^\/api\/users\//) } })
    const { data } = (user as { body: { data: { id: string } } }).body // as asserted above
    const task = await post('/api/tasks', { title: 'Write the report', userId: data.id })
    const { location } = (task as { headers: { location: string } }).headers
    expect(location).toMatch(/^\/api\/tasks\//)
    expect(await send(location)).toMatchObject({
      status: 200,
      body: { data: { title: 'Write the report' } },
      headers: {
        'x-request-id': expect.stringMatching(/^[0-9a-f-]{36}$/),
        'ratelimit-limit': '8',
        'ratelimit-remaining': expect.any(String),
      },
    })

    // Failures: without a token, a path that does not exist, a method that the path lacks, a body without fields, too many requests.
    expect(await page.evaluate(request(`${proxy.url}/api/tasks`))).toMatchObject({
      status: 401,
      headers: { 'www-authenticate': expect.stringContaining('Bearer') },
    })
    expect(await send('/api/nowhere')).toMatchObject({ status: 404, body: { error: { code: 'NOT_FOUND' } } })
    expect(await send('/api/tasks', { method: 'PUT' })).toMatchObject({
      status: 405,
      headers: { allow: 'GET, HEAD, POST' },
    })
    expect(await send(location, { method: 'PATCH', body: '{}' })).toMatchObject({ status: 400 })
    let last: unknown
    for (let calls = 0; calls < 8; calls += 1) last = await send(location)
    expect(last).toMatchObject({ status: 429, headers: { 'retry-after': expect.any(String) } })

    const foreign = await openPage()
    await foreign.goto(other.url.href)
    for (const init of [{ headers }, {}])
      await expect(foreign.evaluate(request(`${proxy.url}/api/tasks`, init))).rejects.toThrow('Failed to fetch')
    const notAllowed = { headers: { ...headers, 'X-Not-Allowed': '1' } }
    await expect(page.evaluate(request(`${proxy.url}/api/tasks`, notAllowed))).rejects.toThrow('Failed to fetch')
  })

  test('the documentation sends its requests through the prefix', async () => {
    const database = await createDatabase()
    await using service = startServer({ DATABASE_URL: database.appUrl, TRUST_PROXY: '1' })
    await using proxy = await startNginx(await service.listening())
    const page = await openPage()
    await page.goto(`${proxy.url}/api/docs`)
    const operation = '#operations-health-getHealth'
    await page.locator(`${operation} .opblock-summary-control`).click()
    await page.locator(`${operation} .execute`).click()
    const text = (selector: string) =>
      page
        .locator(`${operation} ${selector}`)
        .map((found) => found.textContent)
        .wait()
    expect(await text('.live-responses-table tbody .response-col_status')).toStartWith('200')
    expect(await text('.request-url')).toContain(`${proxy.url}/api/health`)
  })
})
