import { type DestinationStream, pino } from 'pino'
import type { Config } from '../service/config/config.ts'
import type { ServiceLog } from '../service/service-log.ts'

/** In a terminal a request is one line: method, route, status and duration first. */
const terminal = {
  singleLine: true,
  ignore: 'method,route,status,ms',
  messageFormat: '{msg}{if method} {method} {route} {status} {ms} ms{end}',
}

/** Creates the log: readable lines in a terminal, JSON lines everywhere else. */
export async function createLog(level: Config['log']['level']): Promise<ServiceLog> {
  if (!process.stdout.isTTY) return jsonLog(level, buffered(pino.destination({ dest: process.stdout.fd, sync: true })))
  const { default: pretty } = await import('pino-pretty') // loaded only for a terminal
  const log: ServiceLog = pino({ level, base: {} }, pretty({ ...terminal, sync: true }))
  return log
}

/**
 * Creates a log of JSON lines. Most lines of a busy service are of its requests, with plain fields: they are written here, with the
 * same bytes as by pino, in less of the request's time.
 */
export function jsonLog(level: Config['log']['level'], destination: DestinationStream): ServiceLog {
  const formatters = { level: (word: string) => ({ level: word }) }
  const log = pino({ level, base: {}, formatters, timestamp: pino.stdTimeFunctions.isoTime }, destination)
  if (!log.isLevelEnabled('info')) return log
  return {
    debug: (given, message) => log.debug(given, message),
    info(given, message) {
      const members = plainMembers(given)
      if (members === undefined) return log.info(given, message)
      const time = new Date().toISOString()
      destination.write(`{"level":"info","time":"${time}"${members},"msg":${JSON.stringify(message)}}\n`)
    },
    warn: (given, message) => log.warn(given, message),
    error: (given, message) => log.error(given, message),
  }
}

/** Returns the members of a JSON object, each after a comma; undefined unless every value is text, a number, a boolean or undefined. */
function plainMembers(fields: object): string | undefined {
  if (Object.getPrototypeOf(fields) !== Object.prototype) return undefined // such as an Error
  for (const name in fields) {
    const value: unknown = fields[name as keyof typeof fields] // the name is one of its keys
    if (typeof value === 'object' || typeof value === 'function' || typeof value === 'bigint') return undefined
  }
  const json = JSON.stringify(fields)
  return json === '{}' ? '' : `,${json.slice(1, -1)}`
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
