import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { basename, dirname, join } from 'node:path'
import { Miniflare } from 'miniflare'
import { z } from 'zod'
import { createSigningKey } from '../../../src/audit/index.ts'
import { createIssuer } from '../../../src/cli/commands/issuer.ts'
import { migrate } from '../../../src/migrate/index.ts'
import { testClient } from '../../../src/testing/index.ts'
import { asOwner, createDatabase, main } from '../../database.ts'
import { build, root, until } from '../../runtime/child.ts'
import { serviceCases } from '../../runtime/service-cases.ts'
import { newTenant } from '../../tenants.ts'
import { addKeys, countKeys } from '../../worker/expired-keys.ts'

setDefaultTimeout(60_000)

// The bundle that is deployed, on workerd, the runtime of Cloudflare Workers.

const settings = z
  .object({
    main: z.string(),
    compatibility_date: z.string(),
    compatibility_flags: z.array(z.string()),
    hyperdrive: z.tuple([z.object({ binding: z.string() })]),
  })
  .parse(Bun.JSONC.parse(await Bun.file(join(root, 'wrangler.jsonc')).text()))

interface Worker {
  url: string
  lines: Record<string, unknown>[]
  /** Runs the handler of a Cron Trigger, and returns how it ended. */
  scheduled(): Promise<string>
  close(): Promise<void>
}

const secret = { ROWHOUSE_SECRET: 'r'.repeat(32) }
const unverified = { ALLOW_UNVERIFIED: 'true', ...secret }

async function startWorker(bindings: { hyperdrive?: string; vars?: Record<string, string> }): Promise<Worker> {
  const lines: Record<string, unknown>[] = []
  const runtime = new Miniflare({
    modules: true,
    modulesRoot: dirname(bundle),
    scriptPath: bundle,
    compatibilityDate: settings.compatibility_date,
    compatibilityFlags: settings.compatibility_flags,
    bindings: bindings.vars ?? unverified,
    hyperdrives: bindings.hyperdrive ? { [settings.hyperdrive[0].binding]: bindings.hyperdrive } : {},
    // workerd's own lines are not JSON.
    handleStructuredLogs: ({ message }: { message: string }) => {
      if (message.startsWith('{')) lines.push(JSON.parse(message))
    },
  })
  return {
    url: (await runtime.ready).href,
    lines,
    async scheduled() {
      const fetcher: unknown = await runtime.getWorker()
      // Its type has this only beside the types of Cloudflare.
      const { scheduled } = fetcher as { scheduled(options: object): Promise<{ outcome: string }> }
      return (await scheduled({ cron: '* * * * *' })).outcome
    },
    close: () => runtime.dispose(),
  }
}

let bundle = ''

describe('on Cloudflare Workers', () => {
  let worker: Worker
  beforeAll(async () => {
    bundle = await build('worker')
    expect(basename(bundle)).toBe(basename(settings.main))
    worker = await startWorker({ hyperdrive: main.appUrl })
  })
  afterAll(() => worker.close())

  for (const { name, run } of serviceCases(() => worker.url)) test(name, run)

  test('logs a request as one JSON line, with the client’s address from Cloudflare', async () => {
    const id = crypto.randomUUID()
    await fetch(new URL('/openapi.json', worker.url), {
      headers: { 'X-Request-Id': id, 'CF-Connecting-IP': '203.0.113.9' },
    })
    const line = await until(() => worker.lines.find(({ requestId }) => requestId === id))
    expect(line).toMatchObject({ level: 'info', msg: 'request', route: '/openapi.json', client: '203.0.113.9' })
  })

  // Miniflare compresses as Cloudflare does. A file that we compressed would have another ETag.
  test('leaves the compression of files to Cloudflare', async () => {
    const url = new URL('/docs/swagger-ui-dist/swagger-ui.css', worker.url)
    const ask = (encoding: string) => fetch(url, { headers: { 'Accept-Encoding': encoding }, decompress: false })
    const [compressed, plain] = [(await ask('br')).headers, (await ask('identity')).headers]
    expect(compressed.get('Content-Encoding')).toBe('br')
    expect(compressed.get('ETag')).toBe(plain.get('ETag'))
  })

  test('connects by DATABASE_URL without Hyperdrive, and closes each connection after its request', async () => {
    const database = await createDatabase()
    const direct = await startWorker({ vars: { ...unverified, DATABASE_URL: database.appUrl } })
    const { status } = await testClient(direct.url).as(newTenant()).get('/tasks')
    const owner = asOwner(database)
    const open = () => owner`select from pg_stat_activity where datname = current_database() and usename = 'app_user'`
    await until(async () => (await open()).length === 0)
    await direct.close()
    expect(status).toBe(200)
  })

  test('serves only /health with a login that bypasses row-level security, and logs the reason once', async () => {
    const unsafe = await startWorker({ hyperdrive: main.ownerUrl })
    const client = testClient(unsafe.url)
    const paths = ['/tasks', '/users', '/ready', '/docs', '/openapi.json', '/health']
    const answers = await Promise.all(paths.map((path) => client.as(newTenant()).get(path)))
    const isRequest = ({ msg }: { msg?: unknown }) => msg === 'request' // all but /health, whose line is of level debug
    await until(() => unsafe.lines.filter(isRequest).length === paths.length - 1)
    await unsafe.close()
    expect(answers.map(({ status }) => status)).toEqual([503, 503, 503, 503, 503, 200])
    expect(answers[0]?.error).toEqual({
      code: 'SERVICE_UNAVAILABLE',
      message: 'The service is unavailable for the moment, try again',
    })
    const reasons = unsafe.lines.filter(({ msg }) => msg === 'refusing to serve')
    expect(reasons).toHaveLength(1)
    expect(reasons[0]?.problem).toContain('superuser')
  })

  test('lets a page of another origin read why it serves nothing', async () => {
    const origin = 'https://app.example.com'
    const unsafe = await startWorker({ hyperdrive: main.ownerUrl, vars: { ...unverified, CORS_ORIGINS: origin } })
    const { status, headers } = await fetch(new URL('/tasks', unsafe.url), { headers: { Origin: origin } })
    await unsafe.close()
    expect([status, headers.get('Access-Control-Allow-Origin')]).toEqual([503, origin])
  })

  test('serves nothing in the form in which it would serve: a problem, with the path that the client called', async () => {
    const settings = { PROBLEM_JSON: 'on', BASE_PATH: '/api', HSTS: 'max-age=1' }
    const unsafe = await startWorker({ hyperdrive: main.ownerUrl, vars: { ...unverified, ...settings } })
    const headers = { Accept: 'application/problem+json' }
    const response = await fetch(new URL('/tasks', unsafe.url), { headers })
    const problem = await response.json()
    await unsafe.close()
    expect(problem).toMatchObject({ status: 503, instance: '/api/tasks' })
    expect(response.headers.get('Content-Type')).toBe('application/problem+json')
    expect(response.headers.get('Strict-Transport-Security')).toBe('max-age=1')
  })

  test('without authentication serves nothing, and logs once which setting is missing', async () => {
    const open = await startWorker({ hyperdrive: main.appUrl, vars: { LOG_LEVEL: 'info', ...secret } })
    const { status } = await testClient(open.url).as(newTenant()).get('/tasks')
    const reason = await until(() => open.lines.find(({ msg }) => msg === 'refusing to serve'))
    await open.close()
    expect(status).toBe(503)
    expect(reason.problem).toContain('AUTH is required in production')
  })

  test('is in production also with an empty NODE_ENV, which counts as unset', async () => {
    const open = await startWorker({ hyperdrive: main.appUrl, vars: { NODE_ENV: '', ...secret } })
    const { status } = await testClient(open.url).as(newTenant()).get('/tasks')
    await open.close()
    expect(status).toBe(503)
  })

  test('does periodic work on a Cron Trigger, with the login of DATABASE_WORKER_URL', async () => {
    const database = await createDatabase()
    const owner = asOwner(database)
    await addKeys(owner, { expired: 2, fresh: 1 })
    const cron = await startWorker({ vars: { DATABASE_WORKER_URL: database.ownerUrl } })
    const outcome = await cron.scheduled()
    await cron.close()
    expect([outcome, await countKeys(owner)]).toEqual(['ok', { all: 1, expired: 0 }])
    expect(cron.lines).toMatchObject([
      { level: 'info', task: 'purge-idempotency-keys', rows: 2 },
      { level: 'info', task: 'append-audit-logs', rows: 0 },
      { level: 'info', task: 'make-audit-partitions', rows: 0 },
    ])
  })

  test('signs the checkpoints of the audit trail on a Cron Trigger, with AUDIT_SIGNING_KEY', async () => {
    const database = await createDatabase()
    const owner = asOwner(database)
    const tenant = newTenant()
    await owner`insert into users (tenant_id, email, name) values (${tenant}, 'ada@example.com', 'Ada')`
    const cron = await startWorker({
      vars: { DATABASE_WORKER_URL: database.ownerUrl, AUDIT_SIGNING_KEY: createSigningKey() },
    })
    const outcome = await cron.scheduled()
    await cron.close()
    const [row] = await owner`select note from tenancy.audit_checkpoints where tenant_id = ${tenant}`
    expect([outcome, String(row?.note)]).toEqual(['ok', expect.stringMatching(new RegExp(`^rowhouse/${tenant}\n1\n`))])
  })

  test('fails on a Cron Trigger without DATABASE_WORKER_URL, and logs which setting is missing', async () => {
    const cron = await startWorker({})
    const outcome = await cron.scheduled()
    await cron.close()
    expect(outcome).toBe('exception')
    expect(cron.lines).toMatchObject([{ level: 'error', problem: expect.stringContaining('DATABASE_WORKER_URL') }])
  })

  test('verifies tokens, signs tenants, reads the directory and limits the rate of concurrent requests', async () => {
    const database = await createDatabase()
    const signingKey = 'a-key-of-this-test-with-32-characters'
    await migrate({ url: database.ownerUrl, signingSecrets: [signingKey] })
    const [own, other] = [newTenant(), newTenant()]
    await asOwner(database)`insert into tenancy.tenants (id, slug, name) values (${own}, 'acme', 'Acme')`
    using server = Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: (request) => issuer.fetch(request) })
    const issuer = await createIssuer(server.url.origin, 'rowhouse')
    const secured = await startWorker({
      vars: {
        DATABASE_URL: database.appUrl,
        ...secret,
        AUTH: 'jwt',
        JWT_JWKS_URL: `http://127.0.0.1:${server.port}/.well-known/jwks.json`,
        JWT_ISSUER: server.url.origin,
        JWT_AUDIENCE: 'rowhouse',
        TENANT_DIRECTORY: 'required',
        TENANT_SIGNING_KEY: signingKey,
        RATE_LIMIT: '20',
      },
    })
    const ask = async (tenant: string, token = tenant) => {
      const authorization = `Bearer ${await (await issuer.request(`/token?tenant=${token}`)).text()}`
      const answer = await fetch(new URL('/tasks', secured.url), {
        headers: { 'X-Tenant-Id': tenant, Authorization: authorization },
      })
      await answer.body?.cancel()
      return answer.status
    }
    const together = await Promise.all([ask(own), ask(own), ask(own), ask(own), ask(other), ask(other, own)])
    const rest = await Promise.all(Array.from({ length: 20 }, () => ask(own)))
    await secured.close()
    expect(together).toEqual([200, 200, 200, 200, 403, 403])
    expect(new Set(rest)).toEqual(new Set([200, 429]))
  })

  test('looks a tenant up once for each request, because a request must not await a promise of another one', async () => {
    const database = await createDatabase()
    const own = newTenant()
    const owner = asOwner(database)
    await owner`insert into tenancy.tenants (id, slug, name) values (${own}, 'acme', 'Acme')`
    const registered = await startWorker({
      vars: { ...unverified, DATABASE_URL: database.appUrl, TENANT_DIRECTORY: 'required' },
    })
    await testClient(registered.url).anonymous.get('/ready')
    const ask = () => testClient(registered.url).as(own).get('/tasks')
    let asked: ReturnType<typeof ask>[] = []
    await owner.begin(async (tx) => {
      await tx`lock table tenancy.tenants in access exclusive mode`
      asked = [ask(), ask(), ask()]
      const waiting = () => owner`select from pg_stat_activity where wait_event_type = 'Lock' and query ~ 'find_tenant'`
      await until(async () => (await waiting()).length === asked.length)
    })
    const answers = await Promise.all(asked)
    await registered.close()
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200])
  })

  test('logs wrong settings once, and answers every request with 503', async () => {
    const wrong = await startWorker({ vars: { ...unverified, BODY_LIMIT_BYTES: 'many' } })
    const client = testClient(wrong.url)
    const statuses = [await client.anonymous.get('/health'), await client.anonymous.get('/tasks')].map(
      ({ status }) => status,
    )
    await until(() => wrong.lines.filter(({ msg }) => msg === 'request').length === 2)
    await wrong.close()
    expect(statuses).toEqual([503, 503])
    const [reason, ...more] = wrong.lines.filter(({ msg }) => msg === 'refusing to serve')
    expect(more).toEqual([])
    expect(reason?.problem).toContain('DATABASE_URL is required')
    expect(reason?.problem).toContain('BODY_LIMIT_BYTES must be a whole number')
  })
})
