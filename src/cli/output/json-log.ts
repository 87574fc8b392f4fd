import type { Logger } from '../../context/index.ts'
import { escapedJson } from '../../text/index.ts'
import type { Output } from '../io.ts'

/** Writes log lines as JSON, as the service does, with control characters escaped. */
export function jsonLog(output: Output): Logger {
  const at = (level: keyof Logger) => (fields: object, msg: string) => {
    const line = JSON.stringify({ level, time: new Date().toISOString(), ...fields, msg })
    output.write(`${escapedJson(line)}\n`)
  }
  return { info: at('info'), warn: at('warn'), error: at('error') }
}
