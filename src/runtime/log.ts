import { type DestinationStream, type Logger, pino } from 'pino'
import type { Config } from '../service/config/config.ts'

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
export async function createLog(level: Config['LOG_LEVEL'], fields: object = {}): Promise<Logger> {
  if (!process.stdout.isTTY) {
    const options = { level, base: fields, timestamp: pino.stdTimeFunctions.isoTime }
    return pino(options, gathered(pino.destination({ dest: process.stdout.fd, sync: true })))
  }
  const { default: pretty } = await import('pino-pretty') // loaded where there is a terminal
  return pino({ level, base: fields }, pretty({ ...terminal, sync: true }))
}

// Several workers write to one pipe: what is longer may be torn apart by another's lines (POSIX, write, PIPE_BUF).
const chunkMax = 4096

// A system call for each turn of the event loop would be a few percent of what a busy service does.
const gatherMs = 10

/**
 * Gathers lines for 10 milliseconds, or until they fill a chunk, and writes them together: a line costs no system call of its
 * own. When the process ends in order or by an error, every line has been written; a kill -9 takes what was not.
 */
export function gathered(destination: DestinationStream): DestinationStream {
  let lines = ''
  let size = 0
  function flush(): void {
    if (size === 0) return
    const chunk = lines
    lines = ''
    size = 0
    destination.write(chunk)
  }
  process.on('exit', flush)
  return {
    write(line) {
      const length = Buffer.byteLength(line)
      if (size + length > chunkMax) flush()
      if (size === 0) setTimeout(flush, gatherMs)
      lines += line
      size += length
    },
  }
}
