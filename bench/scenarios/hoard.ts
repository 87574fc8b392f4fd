import { fatten } from '../attacked-data.ts'
import { hoards } from '../attacks.ts'
import type { Filled } from '../databases.ts'
import type { Line, Scenario, Stand, Verdict } from '../scenario.ts'
import { startRowhouse } from '../server.ts'

const amount = { tenants: 8, tasks: 1000 }
const seconds = 6
const peak = 'peak MB'
const longest = 'longest ms of /health'

/** Verifies tokens, for callers without one. */
const verified = {
  AUTH: 'jwt',
  JWT_SECRET: 'a secret of the bench, for no token at all',
  JWT_ISSUER: 'https://issuer.example',
  JWT_AUDIENCE: 'rowhouse',
}

/** Measures a server of its own, since memory does not go back at once. */
async function attacked({ programs }: Stand, database: Filled, runtime: 'bun' | 'node', hoard: string): Promise<Line> {
  const settings = hoard.endsWith('no token') ? verified : { ALLOW_UNVERIFIED: 'true' }
  await using server = await startRowhouse(programs, database, { runtime, settings })
  const attacker = programs.start([process.execPath, 'bench/attacker.ts', server.url, `${seconds}`, hoard])
  let isRunning = true
  void attacker.exited.then(() => {
    isRunning = false
  })
  let longestMs = 0
  while (isRunning) {
    const start = performance.now()
    await fetch(`${server.url}/health`)
    longestMs = Math.max(longestMs, performance.now() - start)
    await Bun.sleep(20)
  }
  const { peakBytes } = await server.usage()
  return { subject: `${hoard} (${runtime})`, figures: { [peak]: [peakBytes / 1e6], [longest]: [longestMs] } }
}

export const hoard: Scenario = {
  name: 'hoard',
  title: 'The memory of the service while clients send bodies that do not end, or do not read responses',
  async run(stand) {
    const database = await stand.databases.rowhouse(amount)
    await fatten(database)
    Bun.spawnSync(['bun', 'run', 'build:node'])
    const lines: Line[] = []
    for (const runtime of ['bun', 'node'] as const)
      for (const name of Object.keys(hoards)) {
        stand.log(`${name}: ${runtime}`)
        lines.push(await attacked(stand, database, runtime, name))
      }
    const verdicts = lines.map(
      ({ subject, figures }): Verdict => ({
        claim: `memory at its highest: ${subject}`,
        bound: 'at most',
        target: 256,
        unit: 'MB',
        rounds: figures[peak] ?? [],
      }),
    )
    return {
      lines,
      verdicts,
      notes: [
        '1,500 bodies without their last byte; 1,000 clients that do not read the bundle of /docs; bodies in chunks of one byte; 300 clients that do not read a page of 4 MB; 900 bodies of 1 MiB, and of 128 KiB.',
      ],
    }
  },
}
