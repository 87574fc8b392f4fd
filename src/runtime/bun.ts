import type { Config } from '../service/config/config.ts'
import type { Service } from '../service/service.ts'
import { exitWith } from './exit-with.ts'
import { keepAliveSeconds, type Listening } from './listening.ts'
import { serve } from './process.ts'

/** Serves the app on Bun. */
export async function listen(app: Service['app'], { server: { host, port }, requests }: Config): Promise<Listening> {
  const server = Bun.serve({
    port,
    hostname: host,
    // Also longer than the request timeout, so that Bun does not cut off an answer. 255 is Bun's maximum.
    idleTimeout: Math.min(255, Math.max(keepAliveSeconds, Math.ceil(requests.timeoutMs / 1000) + 5)),
    // The app has its own limit, whose error is in the envelope.
    maxRequestBodySize: Number.MAX_SAFE_INTEGER,
    fetch(request, server) {
      const bindings = { remoteAddress: server.requestIP(request)?.address }
      // Without a Host (HTTP/1.0) Bun's URL is only the path, and Hono needs an absolute URL.
      const absolute = request.url.startsWith('/') ? new Request(`http://localhost${request.url}`, request) : request
      return app.fetch(absolute, bindings)
    },
  })
  return {
    port: server.port ?? port, // undefined only on a Unix socket
    stop: () => server.stop(),
    kill: () => server.stop(true),
  }
}

if (import.meta.main) await serve(listen).catch(exitWith)
