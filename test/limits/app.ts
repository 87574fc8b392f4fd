import { type Context, Hono } from 'hono'
import type { TenantEnv } from '../../src/context/index.ts'
import { createErrorHandler } from '../../src/errors/index.ts'
import { type TenantLimitsOptions, tenantLimits } from '../../src/limits/index.ts'
import { header, tenant } from '../../src/resolution/index.ts'
import { requestDeadline } from '../../src/service/middleware/request-deadline.ts'
import { tenantIds } from '../tenants.ts'

/** Waits until the work that is ready now has run. */
export const turn = (): Promise<void> => new Promise(setImmediate)

/** A clock that moves only when a test moves it. */
export class Clock {
  private ms = 1_775_390_400_000
  now = (): number => this.ms
  move(ms: number): void {
    this.ms += ms
  }
}

/** An app with these limits. A handler of `/held/:name` runs until `finish` or `fail`; `started` lists their names in order. */
export function build(options: TenantLimitsOptions) {
  const app = new Hono<TenantEnv>()
  const started: string[] = []
  const held = new Map<string, PromiseWithResolvers<string>>()
  app.onError(createErrorHandler())
  app.use(requestDeadline({ timeoutMs: 60_000 }))
  const verify = (c: Context) => ({
    actor: c.req.header('X-Actor'),
    tenants: 'any' as const,
    claims: { iss: c.req.header('X-Issuer') || undefined },
  })
  app.use(tenant({ from: header('X-Tenant-Id'), auth: { vary: [], verify }, ...tenantIds }))
  app.use(tenantLimits(options))
  app.get('/', (c) => c.text('done'))
  app.get('/raw', () => new Response('done'))
  app.get('/failing', () => {
    throw new Error('The handler failed')
  })
  app.get('/held/:name', async (c) => {
    const name = c.req.param('name')
    const handler = Promise.withResolvers<string>()
    held.set(name, handler)
    started.push(name)
    return c.text(await handler.promise)
  })

  return {
    started,
    /** A client of this tenant. `signal` aborts when the client disconnects. */
    as:
      (tenantId: string, actor?: string, issuer = 'https://issuer.example') =>
      async (path: string, signal?: AbortSignal) =>
        app.request(
          new Request(`http://test${path}`, {
            headers: {
              'X-Tenant-Id': tenantId,
              ...(actor === undefined ? {} : { 'X-Actor': actor, 'X-Issuer': issuer }),
            },
            ...(signal ? { signal } : {}),
          }),
        ),
    async finish(name: string) {
      held.get(name)?.resolve('done')
      await turn()
    },
    async fail(name: string) {
      held.get(name)?.reject(new Error('The handler failed'))
      await turn()
    },
  }
}

/** The rate headers of a response, on one line. */
export const rateOf = ({ headers }: Response) =>
  ['Limit', 'Remaining', 'Reset', 'Policy'].map((name) => headers.get(`RateLimit-${name}`)).join(' ')
