import { rmSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { newFastFolder } from '../fast-folder.ts'

/** The repository's top folder. */
export const root = join(import.meta.dir, '..', '..')

/** One of our programs under test; `await using` ends it by its pid at the end of the block. */
export interface Child extends AsyncDisposable {
  readonly pid: number
  /** Its output up to now. */
  readonly stdout: string
  readonly stderr: string
  /** Its log, one record for each line; lines that are not JSON are left out. */
  log(): LogLine[]
  /** Resolves with its URL once it listens. Throws with its output when it ends instead. */
  listening(): Promise<string>
  signal(name: 'SIGTERM' | 'SIGINT' | 'SIGKILL'): void
  /** Its exit code; null when a signal ended it. */
  readonly exited: Promise<number | null>
}

const LogLine = z.looseObject({ msg: z.string() })
type LogLine = z.infer<typeof LogLine>

/**
 * Starts a program with only this environment: it inherits no setting of this process.
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

// The last line may be incomplete.
function parse(line: string): LogLine {
  try {
    return LogLine.parse(JSON.parse(line))
  } catch {
    return { msg: '' }
  }
}

/** Polls until there is an answer. Throws after 60 seconds; only a failing test waits that long. */
export async function until<T>(ask: () => T | undefined | false | Promise<T | undefined | false>): Promise<T> {
  for (const end = Date.now() + 60_000; Date.now() < end; await Bun.sleep(10)) {
    const answer = await ask()
    if (answer !== undefined && answer !== false) return answer
  }
  throw new Error(`No answer within 60 seconds: ${ask}`)
}

/** An empty folder, deleted at the end of the block. */
export function temporaryFolder(): Disposable & { path: string } {
  const path = newFastFolder()
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) }
}

const node = Bun.which('node')
/** Whether Node is installed: without it, `bun run` offers Bun under the name `node`. */
export const hasNode = node !== null && !node.includes('bun-node')

/** The runtimes that run processes, and how to start the service on each. */
export const runtimes: { name: string; start(environment: Record<string, string>): Child }[] = [
  { name: 'Bun', start: startServer },
  ...(hasNode ? [{ name: 'Node', start: startOnNode }] : []),
]

// Each process builds once, for itself: a build that another process reads could be cut off.
const bundles = newFastFolder()
symlinkSync(join(root, 'node_modules'), join(bundles, 'node_modules'))
const building = new Map<string, Promise<void>>()

/** The service on Node, from the build of {@link buildForNode}. */
export function startOnNode(environment: Record<string, string>): Child {
  return start(['node', join(bundles, 'node.js')], environment)
}

/** Runs `bun run build:node`. */
export const buildForNode = async (): Promise<void> => void (await build('node'))

/** Runs `bun run build:…` once in this process; returns the path of the bundle. */
export async function build(name: 'node' | 'worker'): Promise<string> {
  const running = building.get(name) ?? run(['run', `build:${name}`, '--outdir', bundles])
  building.set(name, running)
  await running
  return join(bundles, name === 'node' ? 'node.js' : 'workers.js')
}

async function run(parameters: string[]): Promise<void> {
  await using child = start([process.execPath, ...parameters])
  if ((await child.exited) !== 0) throw new Error(child.stderr)
}
