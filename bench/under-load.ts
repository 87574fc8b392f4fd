import { z } from 'zod'
import { tenantIdOf } from '../db/seed-many.ts'
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
const Page = z.object({ data: z.array(z.unknown()) })

/** Measures a server with wrk: its rate and latency, its CPU time and its memory. */
export function underLoad({ programs }: Stand, name: string, server: Server, load: Load): Subject {
  return {
    name,
    async measure(seconds, round) {
      if (load.kind === 'list') await assertFullPage(server, load)
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

/** wrk reads only the status, which is 200 for an empty page too. */
async function assertFullPage({ url }: Server, { first }: Load): Promise<void> {
  const headers = { 'X-Tenant-Id': tenantIdOf(first) }
  const { data } = Page.parse(await (await fetch(`${url}/tasks?page=1&limit=20`, { headers })).json())
  if (data.length !== 20)
    throw new Error(`The first page of tenant ${tenantIdOf(first)} must have 20 tasks (got ${data.length})`)
}
