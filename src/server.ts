import type { Config } from './config.ts'
import { exitWith, type Listening, runService } from './process.ts'
import type { Service } from './service.ts'

/** Serves the app on Bun. */
export async function listen(app: Service['app'], config: Config): Promise<Listening> {
  const server = Bun.serve({
    port: config.PORT,
    hostname: config.HOST,
    // Longer than a request may take, so that Bun does not cut off what the app still answers; 255 is Bun's most.
    idleTimeout: Math.min(255, Math.ceil(config.REQUEST_TIMEOUT_MS / 1000) + 5),
    fetch: (request, server) => app.fetch(request, { remoteAddress: server.requestIP(request)?.address }),
  })
  return {
    port: server.port ?? config.PORT, // undefined on a Unix socket alone
    stop: () => server.stop(),
    kill: () => server.stop(true),
  }
}

if (import.meta.main) await runService(listen).catch(exitWith)
