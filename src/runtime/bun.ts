import cluster from 'node:cluster'
import type { Config } from '../service/config/config.ts'
import type { Service } from '../service/service.ts'
import { exitWith } from './exit-with.ts'
import { keepAliveSeconds, type Listening } from './listening.ts'
import { serve } from './serve.ts'

/** Serves the app on Bun. */
export async function listen(app: Service['app'], config: Config): Promise<Listening> {
  const server = Bun.serve({
    port: config.PORT,
    hostname: config.HOST,
    reusePort: cluster.isWorker,
    // Longer than a request may take, too, so that Bun does not cut off what the app still answers; 255 is Bun's most.
    idleTimeout: Math.min(255, Math.max(keepAliveSeconds, Math.ceil(config.REQUEST_TIMEOUT_MS / 1000) + 5)),
    // The app has a limit of its own, which answers in the envelope.
    maxRequestBodySize: Number.MAX_SAFE_INTEGER,
    fetch(request, server) {
      const bindings = { remoteAddress: server.requestIP(request)?.address }
      // Without a Host (HTTP/1.0) Bun's URL is the bare path, and Hono would look for the path behind its third slash.
      const whole = request.url.startsWith('/') ? new Request(`http://localhost${request.url}`, request) : request
      return app.fetch(whole, bindings)
    },
  })
  return {
    port: server.port ?? config.PORT, // undefined on a Unix socket alone
    stop: () => server.stop(),
    kill: () => server.stop(true),
  }
}

if (import.meta.main)
  await serve(listen, { environment: process.env, sharing: process.platform === 'linux' ? 'port' : 'none' }).catch(
    exitWith,
  )
