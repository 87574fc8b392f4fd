import { join } from 'node:path'
import { z } from 'zod'
import type { Programs } from './programs.ts'

/** What wrk is to send; the ids are those that the databases are filled with. */
export interface Load {
  kind: 'get' | 'list' | 'create'
  /** Numbers of the first and the last tenant that requests come from. */
  first: number
  last: number
  /** Tasks of each of them. */
  tasks: number
  /** 1 where ids are counted through all tenants, 0 where every tenant has the same. */
  stride: 0 | 1
  /** A Lua file that gives a bearer token for each tenant. */
  tokens?: string
}

export const connections = 64

export interface Pressure {
  /** How many requests there are at a time; 64 when left out. */
  connections?: number
  /** Whether answers may be failures, as 429 is. */
  mayFail?: boolean
}

const Report = z.strictObject({
  requests: z.number(),
  seconds: z.number(),
  p50Ms: z.number(),
  p99Ms: z.number(),
  failed: z.number(),
})
/** What one run of wrk came to. */
export type Report = z.infer<typeof Report>

/**
 * Runs wrk, with one thread.
 *
 * @param seed of the random requests: who is compared is sent the same ones
 * @throws {Error} when a single request failed, unless it may: figures of answers that are errors say nothing
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

/** Reads the line that wrk.lua writes last. */
export function parseReport(output: string, mayFail = false): Report {
  const line = output.split('\n').findLast((text) => text.startsWith('{'))
  if (line === undefined) throw new Error(`wrk has not reported:\n${output}`)
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
