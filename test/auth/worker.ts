import type { ExecutionContext } from 'hono'
import { jwt } from '../../src/auth/index.ts'
import { createProtectedApp } from './app.ts'

// A Worker for worker.test.ts. Its bindings configure the keys, and each request sets the clock.

interface Bindings {
  JWKS_URL: string
  PUBLIC_KEY: string
}

let clock = 0
let services: Record<string, ReturnType<typeof createProtectedApp>> | undefined

const start = ({ JWKS_URL, PUBLIC_KEY }: Bindings) => {
  const common = { issuer: 'issuer', audience: 'api', rememberMs: 0, now: () => clock }
  return {
    '/remote': createProtectedApp(jwt({ ...common, key: { jwksUrl: JWKS_URL } })),
    '/fixed': createProtectedApp(jwt({ ...common, key: { publicKey: PUBLIC_KEY } })),
  }
}

// biome-ignore lint/style/noDefaultExport: workerd requires it
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
