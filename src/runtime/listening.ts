import { OperatorError } from '../errors/index.ts'
import type { Config } from '../service/config/config.ts'
import type { Service } from '../service/service.ts'

/** A listening server: `stop` refuses new connections and waits for running requests, `kill` closes everything at once. */
export interface Listening {
  port: number
  stop(): Promise<void>
  kill(): Promise<void>
}

/** Starts to serve the app on a runtime. */
export type Listen = (app: Service['app'], config: Config) => Promise<Listening>

/** The server cannot listen on its address. */
export class ListenError extends OperatorError {
  override readonly name = 'ListenError'
  constructor({ server: { host, port } }: Config, cause: Error) {
    const message = `Cannot listen on ${urlOf(host, port)}: ${cause.message}`
    super(`${message}\nChange HOST or PORT, or stop the process that listens there.`, { cause })
  }
}

/** The URL to open in a browser: `localhost` for an address that means every interface. */
export function urlOf(host: string, port: number): string {
  if (host === '0.0.0.0' || host === '::') return `http://localhost:${port}`
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`
}

/**
 * How long an idle connection is kept, in seconds: longer than proxies keep theirs (60 in nginx and in the load balancers of
 * the clouds). Otherwise a proxy now and then sends a request on a connection that is being closed.
 */
export const keepAliveSeconds = 75
