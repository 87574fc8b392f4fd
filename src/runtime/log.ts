import { type DestinationStream, pino } from 'pino'
import type { Logger } from '../context/index.ts'
import type { Config } from '../service/config/config.ts'

/** In a terminal a request is one line: method, route, status and duration first. */
const terminal = {
  singleLine: true,
  ignore: 'method,route,status,ms',
  messageFormat: '{msg}{if method} {method} {route} {status} {ms} ms{end}',
}

/** Creates the log: readable lines in a terminal, JSON lines everywhere else. */
export async function createLog(level: Config['log']['level']): Promise<Logger> {
  if (!process.stdout.isTTY) {
    const options = { level, base: {}, timestamp: pino.stdTimeFunctions.isoTime }
    const log: Logger = pino(options, buffered(pino.destination({ dest: process.stdout.fd, sync: true })))
    return log
  }
  const { default: pretty } = await import('pino-pretty') // loaded only for a terminal
  const log: Logger = pino({ level, base: {} }, pretty({ ...terminal, sync: true }))
  return log
}

// Several processes can write to one pipe: the system may split a longer chunk with lines of another one (POSIX, write, PIPE_BUF).
const chunkMax = 4096

// A system call in each turn of the event loop would take a few percent of a busy service's time.
const bufferMs = 10

/**
 * Buffers lines for 10 milliseconds, or until they fill a chunk, and writes them with one system call. An exit of the process,
 * by an error too, flushes the buffer; a kill -9 loses it.
 */
export function buffered(destination: DestinationStream): DestinationStream {
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
      if (size === 0) setTimeout(flush, bufferMs)
      lines += line
      size += length
    },
  }
}
