import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A child process. Its output goes to a file, since reading a pipe would take CPU time during a measurement. */
export interface Program {
  readonly pid: number
  readonly exited: Promise<number>
  /** Its user and system time in microseconds, after it has ended. */
  cpuMicros(): number
  /** Its output so far. */
  output(): Promise<string>
  /** Kills it; resolves when it has ended. */
  kill(): Promise<void>
}

/** The child processes of a bench and their folder, which end with this process, also on Ctrl-C. */
export interface Programs extends AsyncDisposable {
  start(command: string[], environment?: Record<string, string>): Program
}

/** Programs get only PATH and HOME of the environment. */
export function createPrograms(): Programs {
  const folder = mkdtempSync(join(tmpdir(), 'rowhouse-bench-'))
  const running = new Set<Bun.Subprocess>()
  let number = 0
  const killAll = () => {
    for (const child of running) child.kill('SIGKILL')
    rmSync(folder, { recursive: true, force: true })
  }
  process.once('exit', killAll)
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(130))

  return {
    start(command, environment = {}) {
      const { PATH = '', HOME = '' } = process.env
      const path = join(folder, `${++number}.log`)
      const child = Bun.spawn(command, {
        cwd: join(import.meta.dir, '..'),
        env: { PATH, HOME, NODE_ENV: 'production', ...environment },
        stdio: ['ignore', Bun.file(path), Bun.file(path)],
      })
      running.add(child)
      const exited = child.exited.finally(() => running.delete(child))
      return {
        pid: child.pid,
        exited,
        cpuMicros: () => Number(child.resourceUsage()?.cpuTime.total ?? Number.NaN),
        output: () => Bun.file(path).text(),
        async kill() {
          child.kill('SIGKILL')
          await exited
        },
      }
    },
    async [Symbol.asyncDispose]() {
      const ended = [...running].map((child) => child.exited)
      killAll()
      await Promise.all(ended)
    },
  }
}
