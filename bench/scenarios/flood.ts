import { fatten, lockSlowTenants } from '../attacked-data.ts'
import { floods } from '../attacks.ts'
import { compare, type Subject } from '../compare.ts'
import type { Filled } from '../databases.ts'
import type { Scenario, Stand, Verdict } from '../scenario.ts'
import { type Server, startRowhouse } from '../server.ts'
import { ratios } from '../statistics.ts'
import { type Load, runWrk } from '../wrk.ts'

// Tenant B gets tasks over a few connections, while others attack.
const amount = { tenants: 8, tasks: 30_000 }
const b: Load = { kind: 'get', first: 2, last: 2, tasks: amount.tasks, stride: 0 }
const connectionsOfB = 4

const p99 = 'p99 ms of B'
const failed = 'failed % of B'

/** Measures the responses to B, with or without an attack. */
function responsesToB(
  stand: Stand,
  name: string,
  server: Server,
  attack?: { flood: string; database: Filled },
): Subject {
  const { programs } = stand
  return {
    name,
    async measure(seconds, round) {
      const unlock = attack?.flood === 'slow tenants' ? await lockSlowTenants(attack.database) : undefined
      const attacker = attack
        ? programs.start([process.execPath, 'bench/attacker.ts', server.url, `${seconds + 6}`, attack.flood])
        : undefined
      if (attacker) await Bun.sleep(5000) // until its connections are open
      const ofB = await runWrk(programs, server.url, b, seconds, round, { connections: connectionsOfB, mayFail: true })
      await attacker?.exited
      await unlock?.()
      return {
        [p99]: ofB.p99Ms,
        'p50 ms of B': ofB.p50Ms,
        'requests/s of B': ofB.requests / ofB.seconds,
        [failed]: (100 * ofB.failed) / ofB.requests,
      }
    },
  }
}

export const flood: Scenario = {
  name: 'flood',
  title: `Tenant B gets tasks over ${connectionsOfB} connections while other tenants flood the service`,
  async run(stand) {
    const database = await stand.databases.rowhouse(amount)
    await fatten(database)
    await using server = await startRowhouse(stand.programs, database)
    const names = Object.keys(floods)
    const measured = await compare({ ...stand, pace: { ...stand.pace, warmUpSeconds: 1 } }, [
      responsesToB(stand, 'quiet', server),
      ...names.map((flood) => responsesToB(stand, flood, server, { flood, database })),
    ])
    const verdicts = names.flatMap((name): Verdict[] => [
      {
        claim: `B's p99 against its quiet one: ${name}`,
        bound: 'at most',
        target: 3,
        unit: '×',
        rounds: ratios(measured.of(name, p99), measured.of('quiet', p99)),
      },
      {
        claim: `B's requests that fail: ${name}`,
        bound: 'at most',
        target: 0,
        unit: '%',
        rounds: measured.of(name, failed),
      },
    ])
    return {
      lines: measured.lines,
      verdicts,
      notes: [
        'wrk, the attacker, the service and PostgreSQL share the cores, so an attack takes processor time from B in any case.',
        'Attacks: lists over 128 connections; pages of 4 MB over 64; lists over 4,000 connections, each with a pause of 5 seconds; five tenants with two transactions each that wait for a lock, on a pool of ten; an e-mail of 1 MB, and one of 8 KB; a body of 131,072 brackets.',
      ],
    }
  },
}
