import type { Subject } from './compare.ts'
import type { Stand } from './scenario.ts'
import type { Server } from './server.ts'
import { type Load, runWrk } from './wrk.ts'

/** The figures of a server under load. */
export const figure = {
  rate: 'requests/s',
  p50: 'p50 ms',
  p99: 'p99 ms',
  cpu: 'CPU µs/request',
  resident: 'RSS MB',
  peak: 'peak RSS MB',
} as const

const bytesPerMegabyte = 1e6

/** A server that wrk sends requests to: how many it answers, how fast, and what that takes of processor and memory. */
export function underLoad({ programs }: Stand, name: string, server: Server, load: Load): Subject {
  return {
    name,
    async measure(seconds, round) {
      const before = await server.usage()
      const { requests, seconds: took, p50Ms, p99Ms } = await runWrk(programs, server.url, load, seconds, round)
      const after = await server.usage()
      return {
        [figure.rate]: requests / took,
        [figure.p50]: p50Ms,
        [figure.p99]: p99Ms,
        [figure.cpu]: (after.cpuMicros - before.cpuMicros) / requests,
        [figure.resident]: after.residentBytes / bytesPerMegabyte,
        [figure.peak]: after.peakBytes / bytesPerMegabyte,
      }
    },
  }
}
