import type { Logger } from '../../context/index.ts'
import { escapedJson } from '../../text/index.ts'
import type { Output } from '../io.ts'

// The numbers of pino, as in the log of the service.
const levels = { info: 30, warn: 40, error: 50 }

/** Writes log lines as JSON, with control characters escaped. */
export function jsonLog(output: Output): Logger {
  const at = (level: keyof typeof levels) => (fields: object, msg: string) => {
    const line = JSON.stringify({ level: levels[level], time: new Date().toISOString(), ...fields, msg })
    output.write(`${escapedJson(line)}\n`)
  }
  return { info: at('info'), warn: at('warn'), error: at('error') }
}
