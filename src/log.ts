import { type Logger, pino } from 'pino'
import pretty from 'pino-pretty'
import type { Config } from './config.ts'

/** A request is a line in a terminal too: what people look for first, then the rest. */
const terminal = {
  singleLine: true,
  ignore: 'method,route,status,ms',
  messageFormat: '{msg}{if method} {method} {route} {status} {ms} ms{end}',
}

/**
 * Makes the log: lines for people in a terminal, JSON everywhere else.
 *
 * @param fields what every line bears
 */
export function createLog(level: Config['LOG_LEVEL'], fields: object = {}): Logger {
  return process.stdout.isTTY
    ? pino({ level, base: fields }, pretty({ ...terminal, sync: true }))
    : pino({ level, base: fields, timestamp: pino.stdTimeFunctions.isoTime })
}
