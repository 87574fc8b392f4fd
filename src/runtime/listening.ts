import { OperatorError } from '../errors/index.ts'
import type { Config } from '../service/config/config.ts'
import type { Service } from '../service/service.ts'

/** A server that listens: `stop` takes no more connections and finishes what runs, `kill` does not wait. */
export interface Listening {
  port: number
  stop(): Promise<void>
  kill(): Promise<void>
}

/** How a runtime serves the app. */
export type Listen = (app: Service['app'], config: Config) => Promise<Listening>

/** The address cannot be had. */
export class ListenError extends OperatorError {
  override readonly name = 'ListenError'
  constructor({ HOST, PORT }: Config, cause: Error) {
    const message = `Cannot listen on ${urlOf(HOST, PORT)}: ${cause.message}`
    super(`${message}\nHOST and PORT choose where; another process may be there already.`, { cause })
  }
}

/** An address that stands for all of them cannot be opened: it becomes `localhost`. */
export function urlOf(host: string, port: number): string {
  if (host === '0.0.0.0' || host === '::') return `http://localhost:${port}`
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`
}

/**
 * How long an idle connection is kept, in seconds: longer than the proxies before us keep theirs (60 for nginx and for the
 * load balancers of the clouds), or they would now and then send a request into a connection that is just being closed.
 */
export const keepAliveSeconds = 75
