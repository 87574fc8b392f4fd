import { serve } from '@hono/node-server'
import type { Config } from './config.ts'
import { exitWith, type Listening, runService } from './process.ts'
import type { Service } from './service.ts'

/** Serves the app on Node. */
async function listen(app: Service['app'], config: Config): Promise<Listening> {
  return await new Promise((resolve, reject) => {
    const server = serve(
      {
        port: config.PORT,
        hostname: config.HOST,
        fetch: (request, env) =>
          app.fetch(request, { remoteAddress: 'incoming' in env ? env.incoming.socket.remoteAddress : undefined }),
      },
      ({ port }) =>
        resolve({
          port,
          stop: () => new Promise((stopped) => server.close(() => stopped())),
          kill: async () => void ('closeAllConnections' in server && server.closeAllConnections()),
        }),
    )
    server.on('error', reject)
  })
}

await runService(listen).catch(exitWith)
