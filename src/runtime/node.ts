import { createServer, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { getRequestListener } from '@hono/node-server'
import type { Config } from '../service/config/config.ts'
import type { Service } from '../service/service.ts'
import { exitWith } from './exit-with.ts'
import { keepAliveSeconds, type Listening } from './listening.ts'
import { serve } from './process.ts'

/** Serves the app on Node. */
async function listen(app: Service['app'], config: Config): Promise<Listening> {
  const server = createServer(
    getRequestListener((request, env) =>
      app.fetch(request, { remoteAddress: 'incoming' in env ? env.incoming.socket.remoteAddress : undefined }),
    ),
  )
  server.keepAliveTimeout = keepAliveSeconds * 1000
  const sockets = new Set<Socket>()
  const pending = new Set<ServerResponse>()
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  server.on('request', (_, response) => {
    pending.add(response)
    response.once('close', () => pending.delete(response))
  })

  /** Node's `close` alone waits for idle connections, and for connections that never sent a request. */
  function stop(): Promise<void> {
    const busy = new Set([...pending].map((response) => response.socket))
    for (const socket of sockets) if (!busy.has(socket)) socket.destroy()
    for (const response of pending) {
      response.shouldKeepAlive = false
      const { socket } = response
      response.once('close', () => socket?.destroySoon())
    }
    return new Promise((stopped) => server.close(() => stopped()))
  }

  return await new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(config.server.port, config.server.host, () => {
      const address = server.address()
      const port = typeof address === 'object' && address ? address.port : config.server.port // a string only for a pipe
      resolve({ port, stop, kill: async () => server.closeAllConnections() })
    })
  })
}

await serve(listen).catch(exitWith)
