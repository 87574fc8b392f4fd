import { join } from 'node:path'
import { z } from 'zod'
import type { Programs } from './programs.ts'

/** The requests of wrk. */
export interface Load {
  kind: 'get' | 'unchanged' | 'list' | 'cursor' | 'create' | 'keyed' | 'update' | 'delete'
  /** The numbers of the first and the last tenant. */
  first: number
  last: number
  /** The tasks of each tenant. */
  tasks: number
  /** 1 when ids are numbered across all tenants, 0 when every tenant has the same ids. */
  stride: 0 | 1
  /** How many tasks the deletes of one round may use. Those of another round have other ones. @default 0 */
  slice?: number
  /** The path of a Lua file with a bearer token for each tenant. */
  tokens?: string
}

export const connections = 64

export interface Pressure {
  /**
   * The number of simultaneous requests.
   *
   * @default 64
   */
  connections?: number
  /**
   * Whether responses such as 429 are allowed.
   *
   * @default false
   */
  mayFail?: boolean
}

const Report = z.strictObject({
  requests: z.number(),
  seconds: z.number(),
  p50Ms: z.number(),
  p99Ms: z.number(),
  failed: z.number(),
})
/** The result of one run of wrk. */
export type Report = z.infer<typeof Report>

/**
 * Runs wrk, with one thread.
 *
 * @param seed of the random requests, the same for all subjects of a comparison
 * @throws Error when a request failed, unless `mayFail`: figures of error responses are worthless
 */
export async function runWrk(
  programs: Programs,
  url: string,
  load: Load,
  seconds: number,
  seed: number,
  pressure: Pressure = {},
): Promise<Report> {
  const { connections: atATime = connections, mayFail = false } = pressure
  const options = ['--threads', '1', '--connections', `${atATime}`, '--duration', `${seconds}s`, '--timeout', '10s']
  const values = Object.entries({ ...load, seed }).map(([name, value]) => `${name}=${value}`)
  const script = join(import.meta.dir, 'wrk.lua')
  const wrk = programs.start(['wrk', ...options, '--latency', '--script', script, url, '--', ...values])
  await wrk.exited
  return parseReport(await wrk.output(), mayFail)
}

/** Parses the last line of wrk.lua's output. */
export function parseReport(output: string, mayFail = false): Report {
  const line = output.split('\n').findLast((text) => text.startsWith('{'))
  if (line === undefined) throw new Error(`wrk wrote no report:\n${output}`)
  const report = Report.parse(JSON.parse(line))
  if (report.failed > 0 && !mayFail)
    throw new Error(`${report.failed} of ${report.requests} requests failed:\n${output}`)
  return report
}

/** The version of wrk, or undefined when it is not installed. */
export function wrkVersion(): string | undefined {
  if (!Bun.which('wrk')) return undefined
  // It exits with 1 after its version.
  return Bun.spawnSync(['wrk', '--version']).stdout.toString().split(' ')[1]
}
