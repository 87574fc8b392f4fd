import packageJson from '../package.json' with { type: 'json' }
import { freePort } from '../test/postgres.ts'
import type { Filled } from './databases.ts'
import { type Usage, usageOf } from './process-usage.ts'
import type { Programs } from './programs.ts'

/** A running server, which ends with the block of `await using`. */
export interface Server extends AsyncDisposable {
  readonly url: string
  /** From the start of its process to its first 200, in milliseconds. */
  readonly readyMs: number
  usage(): Promise<Usage>
}

/** Most scenarios measure without authentication. */
const unverified = { ALLOW_UNVERIFIED: 'true' }

interface RowhouseOptions {
  settings?: Record<string, string>
  /** Node runs dist/node.js, which `bun run build:node` builds. @default 'bun' */
  runtime?: 'bun' | 'node'
}

/** Starts the service, with its log. */
export function startRowhouse(programs: Programs, { url }: Filled, given: RowhouseOptions = {}): Promise<Server> {
  const { settings = unverified, runtime = 'bun' } = given
  const command = runtime === 'bun' ? [process.execPath, 'src/runtime/bun.ts'] : ['node', 'dist/node.js']
  return startServer(programs, command, { DATABASE_URL: url, ROWHOUSE_SECRET: 'r'.repeat(32), ...settings })
}

/** Starts the hand-written server that the service is compared with. */
export const startFloor = (programs: Programs, { url }: Filled): Promise<Server> =>
  startServer(programs, [process.execPath, 'bench/floor.ts'], { DATABASE_URL: url })

/** The environment of `bun start`, for the floor too. Read here, because a shell would be an additional process. */
const settingsOfStart = Object.fromEntries(
  packageJson.scripts.start.matchAll(/(\w+)=(\S+)/g).map(([, name, value]) => [name, value]),
)

/** @throws Error with its output, when it ends or `/ready` does not answer 200 within 20 seconds */
export async function startServer(
  programs: Programs,
  command: string[],
  environment: Record<string, string>,
): Promise<Server> {
  const port = String(await freePort())
  const url = `http://127.0.0.1:${port}`
  const start = performance.now()
  const program = programs.start(command, {
    ...settingsOfStart,
    ...environment,
    HOST: '127.0.0.1',
    PORT: port,
  })
  let isRunning = true
  void program.exited.then(() => {
    isRunning = false
  })
  const end = Date.now() + 20_000
  while (!(await isReady(url))) {
    if (!isRunning || Date.now() > end) throw new Error(`${command.join(' ')} is not ready:\n${await program.output()}`)
    await Bun.sleep(2)
  }
  const readyMs = performance.now() - start
  return { url, readyMs, usage: () => usageOf(program.pid), [Symbol.asyncDispose]: () => program.kill() }
}

const isReady = (url: string): Promise<boolean> =>
  fetch(`${url}/ready`).then(
    ({ status }) => status === 200,
    () => false,
  )
