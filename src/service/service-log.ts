import type { Logger } from '../context/index.ts'

/** The log of the service: that of the kit, and a level for the lines of probes. A pino logger fits. */
export interface ServiceLog extends Logger {
  debug(fields: object, message: string): void
}
