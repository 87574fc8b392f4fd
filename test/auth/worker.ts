import type { ExecutionContext } from 'hono'
import { jwt } from '../../src/auth/index.ts'
import { createTrustedApp } from './app.ts'

// A Worker for worker.test.ts: its bindings say whom it trusts, and each request what time it is.

interface Bindings {
  JWKS_URL: string
  PUBLIC_KEY: string
}

let clock = 0
let services: Record<string, ReturnType<typeof createTrustedApp>> | undefined

const start = ({ JWKS_URL, PUBLIC_KEY }: Bindings) => {
  const common = { issuer: 'issuer', audience: 'api', rememberMs: 0, now: () => clock }
  return {
    '/remote': createTrustedApp(jwt({ ...common, key: { jwksUrl: JWKS_URL } })),
    '/fixed': createTrustedApp(jwt({ ...common, key: { publicKey: PUBLIC_KEY } })),
  }
}

// biome-ignore lint/style/noDefaultExport: it is what workerd looks for
export default {
  async fetch(request: Request, env: Bindings, context: ExecutionContext): Promise<Response> {
    clock = Number(request.headers.get('X-Clock'))
    services ??= start(env)
    const url = new URL(request.url)
    const service = services[url.pathname]
    url.pathname = '/tasks'
    return (await service?.app.fetch(new Request(url, request), env, context)) ?? new Response(null, { status: 404 })
  },
}
