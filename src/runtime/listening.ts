import { OperatorError } from '../errors/index.ts'
import type { Config } from '../service/config/config.ts'
import type { Service } from '../service/service.ts'
import { listenProblem, tryAddress } from './address.ts'

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
    super(listenProblem(host, port, cause), { cause })
  }
}

/**
 * Tries the address of the service before anything else is started.
 *
 * @throws ListenError when the service could not listen there
 */
export async function assertFree(config: Config): Promise<void> {
  await tryAddress(config.server).catch((cause: Error) => {
    throw new ListenError(config, cause)
  })
}

/**
 * How long an idle connection is kept, in seconds: longer than proxies keep theirs (60 in nginx and in the load balancers of
 * the clouds). Otherwise a proxy now and then sends a request on a connection that is being closed.
 */
export const keepAliveSeconds = 75
