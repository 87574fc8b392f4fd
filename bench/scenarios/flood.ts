import { compare, type Subject } from '../compare.ts'
import type { Scenario, Stand, Verdict } from '../scenario.ts'
import { type Server, startRowhouse } from '../server.ts'
import { ratios } from '../statistics.ts'
import { type Load, runWrk } from '../wrk.ts'

// Tenant A requests its first page, with its total, over many connections; tenant B gets tasks over a few.
const amount = { tenants: 2, tasks: 30_000 }
const a: Load = { kind: 'list', first: 1, last: 1, tasks: amount.tasks, stride: 0 }
const b: Load = { ...a, kind: 'get', first: 2, last: 2 }
const connectionsOf = { a: 128, b: 4 }

const p99 = 'p99 ms of B'
const failed = 'failed % of B'

/** Measures the responses to B, with or without the requests of A. */
function responsesToB({ programs }: Stand, name: string, server: Server, isFlooded: boolean): Subject {
  return {
    name,
    async measure(seconds, round) {
      const flood = isFlooded
        ? runWrk(programs, server.url, a, seconds + 1, round, { connections: connectionsOf.a, mayFail: true })
        : undefined
      if (flood) await Bun.sleep(500) // until all connections of A are open
      const ofB = await runWrk(programs, server.url, b, seconds, round, {
        connections: connectionsOf.b,
        mayFail: true,
      })
      const ofA = await flood
      return {
        [p99]: ofB.p99Ms,
        'p50 ms of B': ofB.p50Ms,
        'requests/s of B': ofB.requests / ofB.seconds,
        [failed]: (100 * ofB.failed) / ofB.requests,
        'requests/s of A': ofA ? ofA.requests / ofA.seconds : 0,
      }
    },
  }
}

export const flood: Scenario = {
  name: 'flood',
  title: `Tenant B gets tasks over ${connectionsOf.b} connections while tenant A requests lists over ${connectionsOf.a}`,
  async run(stand) {
    const database = await stand.databases.rowhouse(amount)
    const start = (settings: Record<string, string>) =>
      startRowhouse(stand.programs, database, { settings: { ALLOW_UNVERIFIED: 'true', ...settings } })
    await using bounded = await start({})
    await using unbounded = await start({ TENANT_CONCURRENCY: '0' })
    const measured = await compare(stand, [
      responsesToB(stand, 'quiet', bounded, false),
      responsesToB(stand, 'A floods', bounded, true),
      responsesToB(stand, 'A floods, no limits', unbounded, true),
    ])
    const slower: Verdict = {
      claim: "B's p99 while A floods, against its quiet one",
      bound: 'at most',
      target: 5,
      unit: '×',
      rounds: ratios(measured.of('A floods', p99), measured.of('quiet', p99)),
    }
    const errors: Verdict = {
      claim: "B's requests that fail while A floods",
      bound: 'at most',
      target: 0,
      unit: '%',
      rounds: measured.of('A floods', failed),
    }
    return {
      lines: measured.lines,
      verdicts: [slower, errors],
      notes: [
        'Both wrk processes share the cores with the service and PostgreSQL, so A takes processor time from B in any case.',
      ],
    }
  },
}
