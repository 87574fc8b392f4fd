import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'

/** The repository's top folder. */
export const root = join(import.meta.dir, '..', '..')

/** A program of ours under test; `await using` ends it, by its own pid, with the block. */
export interface Child extends AsyncDisposable {
  readonly pid: number
  /** What it has written up to now. */
  readonly stdout: string
  readonly stderr: string
  /** Its log, a record a line; lines that are no JSON are left out. */
  log(): LogLine[]
  /** Waits until it listens. Throws with its output when it ends instead. */
  listening(): Promise<string>
  signal(name: 'SIGTERM' | 'SIGINT' | 'SIGKILL'): void
  /** Its exit code; null when a signal ended it. */
  readonly exited: Promise<number | null>
}

const LogLine = z.looseObject({ msg: z.string() })
type LogLine = z.infer<typeof LogLine>

/**
 * Starts a program with an environment of its own: nothing of the settings that this process has.
 *
 * @example
 * await using server = start(['bun', 'src/runtime/bun.ts'], { DATABASE_URL: main.appUrl })
 * const url = await server.listening()
 */
export function start(command: string[], environment: Record<string, string> = {}, cwd = root): Child {
  const { PATH = '', HOME = '' } = process.env
  const child = Bun.spawn(command, {
    cwd,
    env: { PATH, HOME, PORT: '0', HOST: '127.0.0.1', ...environment },
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'pipe',
  })
  const output = { stdout: '', stderr: '' }
  const collect = async (name: keyof typeof output) => {
    const decoder = new TextDecoder()
    for await (const chunk of child[name]) output[name] += decoder.decode(chunk, { stream: true })
  }
  const ended = Promise.all([collect('stdout'), collect('stderr'), child.exited])
  const log = () => output.stdout.split('\n').flatMap((line) => (line.startsWith('{"') ? [parse(line)] : []))
  return {
    pid: child.pid,
    get stdout() {
      return output.stdout
    },
    get stderr() {
      return output.stderr
    },
    log,
    listening: () =>
      until(() => {
        if (child.exitCode !== null)
          throw new Error(`It ended with ${child.exitCode}:\n${output.stdout}${output.stderr}`)
        const url = log().find(({ msg }) => msg === 'listening')?.url
        return typeof url === 'string' ? url : undefined
      }),
    signal: (name) => child.kill(name),
    exited: ended.then(() => (child.signalCode === null ? child.exitCode : null)),
    async [Symbol.asyncDispose]() {
      if (child.exitCode === null) child.kill('SIGKILL')
      await ended
    },
  }
}

/** The service on Bun, on a free port. */
export const startServer = (environment: Record<string, string>): Child =>
  start([process.execPath, join(root, 'src/runtime/bun.ts')], environment)

// A line is complete only once its end has come.
function parse(line: string): LogLine {
  try {
    return LogLine.parse(JSON.parse(line))
  } catch {
    return { msg: '' }
  }
}

/** Asks again and again until there is an answer. Throws after 20 seconds, which only a failing test waits for. */
export async function until<T>(ask: () => T | undefined | false | Promise<T | undefined | false>): Promise<T> {
  for (const end = Date.now() + 20_000; Date.now() < end; await Bun.sleep(10)) {
    const answer = await ask()
    if (answer !== undefined && answer !== false) return answer
  }
  throw new Error(`Waited in vain for: ${ask}`)
}

/** An empty folder that goes with the block. */
export function temporaryFolder(): Disposable & { path: string } {
  const path = mkdtempSync(join(tmpdir(), 'rowhouse-test-'))
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) }
}

const node = Bun.which('node')
/** Whether there is a Node; `bun run` puts itself under that name where there is none. */
export const hasNode = node !== null && !node.includes('bun-node')

/** The runtimes with processes: how to start the service on each. */
export const runtimes: { name: string; start(environment: Record<string, string>): Child }[] = [
  { name: 'Bun', start: startServer },
  ...(hasNode ? [{ name: 'Node', start: startOnNode }] : []),
]

/** The service on Node, as `bun run build:node` has built it; see {@link buildForNode}. */
export function startOnNode(environment: Record<string, string>): Child {
  return start(['node', join(root, 'dist/node.js')], environment)
}

/** Runs `bun run build:node`. */
export async function buildForNode(): Promise<void> {
  await using build = start([process.execPath, 'run', 'build:node'])
  if ((await build.exited) !== 0) throw new Error(build.stderr)
}
