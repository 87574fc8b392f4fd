import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { Writable } from 'node:stream'
import { runRowhouse } from '../../src/cli/run.ts'
import { runSeed } from '../../src/cli/seed.ts'

const root = join(import.meta.dir, '..', '..')

/** The result of a command. */
export interface Outcome {
  code: number
  stdout: string
  stderr: string
}

export interface Surroundings {
  /** @default the root of this repository */
  cwd?: string
  /** The whole environment: nothing comes from the environment of the tests. @default {} */
  env?: Record<string, string>
}

interface InProcess extends Surroundings {
  /** Whether stdout is a terminal. @default false */
  isTerminal?: boolean
}

/**
 * Runs `rowhouse …` in this process.
 *
 * @example
 * const { code, stdout } = await rowhouse(['init', '--dry-run'], { cwd: project.folder })
 */
export const rowhouse = (parameters: string[], surroundings?: InProcess): Promise<Outcome> =>
  collect(runRowhouse, parameters, surroundings)

/** Runs `bun run seed …` in this process. */
export const seedDemo = (parameters: string[], surroundings?: InProcess): Promise<Outcome> =>
  collect(runSeed, parameters, surroundings)

async function collect(
  program: typeof runRowhouse,
  parameters: string[],
  { cwd = root, env = {}, isTerminal = false }: InProcess = {},
): Promise<Outcome> {
  const [stdout, stderr] = [new Collected(), new Collected()]
  stdout.isTTY = isTerminal
  const code = await program(parameters, { env, cwd, stdout, stderr })
  return { code, stdout: stdout.text, stderr: stderr.text }
}

class Collected extends Writable {
  text = ''
  isTTY = false
  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString()
    done()
  }
}

/** Runs `rowhouse …` as a process of its own, for what only a process has: its start, its pipes and its exit code. */
export async function spawnRowhouse(
  parameters: string[],
  { cwd = root, env = {} }: Surroundings = {},
  program = join(root, 'src/cli/rowhouse.ts'),
): Promise<Outcome> {
  return await run([process.execPath, program, ...parameters], cwd, env)
}

/** Runs a command in a folder, with this environment only. */
export async function run(command: string[], cwd: string, env: Record<string, string> = {}): Promise<Outcome> {
  const { PATH = '', HOME = '' } = process.env
  const child = Bun.spawn(command, {
    cwd,
    env: { PATH, HOME, ...env },
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'pipe',
  })
  const [stdout, stderr] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()])
  return { code: await child.exited, stdout, stderr }
}

/** A folder with the packages of this repository and some files, deleted with the block: `using project = …`. */
export function createProject(files: Record<string, string>): Disposable & { folder: string } {
  const folder = mkdtempSync(join(tmpdir(), 'rowhouse-cli-'))
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'))
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), text)
  }
  return { folder, [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }) }
}
