import { createServer } from 'node:net'

// `bun run up` imports this file before any package is installed, so it imports none.

/** The URL to open in a browser: `localhost` for an address that means every interface. */
export function urlOf(host: string, port: number): string {
  if (host === '0.0.0.0' || host === '::') return `http://localhost:${port}`
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`
}

/** What to print when the service cannot listen on an address. */
export const listenProblem = (host: string, port: number, cause: Error): string =>
  `Cannot listen on ${urlOf(host, port)}: ${cause.message}\nChange HOST or PORT, or stop the process that listens there.`

/**
 * Listens on an address for a moment.
 *
 * @throws Error of the system, such as EADDRINUSE
 * @example
 * await tryAddress({ host: '127.0.0.1', port: 3000 })
 */
export function tryAddress({ host, port }: { host: string; port: number }): Promise<void> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve()))
  })
}
