import { loadavg } from 'node:os'
import { Command } from '@commander-js/extra-typings'
import { freePort } from '../test/postgres.ts'
import { compare, type Subject } from './compare.ts'
import { type Filled, openDatabases } from './databases.ts'
import { createPrograms } from './programs.ts'
import { progress } from './report/progress.ts'
import { publish } from './report/publish.ts'
import { asText, figuresTable } from './report/table.ts'
import { bareConnection } from './ways/bare-connection.ts'
import { arrayBegin, awaitedBegin } from './ways/begin.ts'
import { pgbench } from './ways/pgbench.ts'
import { pipelined } from './ways/pipelined.ts'
import { rowhouseWays } from './ways/rowhouse.ts'
import { runWay } from './ways/run-way.ts'
import { stockDrizzle } from './ways/stock-drizzle.ts'
import type { Way } from './ways/way.ts'

const title = 'The tenant transaction alone, 10 connections, 64 callers'
const ways = [stockDrizzle, awaitedBegin, arrayBegin, pipelined, ...rowhouseWays, bareConnection]
const callers = 64

const {
  quick = false,
  write,
  delayMs,
} = new Command('bench:micro')
  .description('Measures the tenant transaction without HTTP, written in several ways, on its own PostgreSQL server.')
  .option('--quick', 'run fewer and shorter rounds')
  .option('--write', 'write docs/bench/micro.json and docs/performance.md')
  .option('--delay-ms <number>', 'the delay of a round trip in the network columns, in milliseconds', Number, 1)
  .parse()
  .opts()
const pace = quick ? { rounds: 3, seconds: 1, warmUpSeconds: 1 } : { rounds: 5, seconds: 2, warmUpSeconds: 1 }

const rate = 'tx/s'
const cpu = 'CPU µs/tx'
const farRate = `tx/s, +${delayMs} ms`
const alone = `ms a tx alone, +${delayMs} ms`

await using databases = await openDatabases()
await using programs = createPrograms()
const near = await databases.rowhouse({ tenants: 100, tasks: 1000 })
const far = { ...near, url: await throughProxy(near) }

const subject = (way: Way): Subject => ({
  name: way.name,
  async measure(seconds) {
    const direct = await runWay(way, near, callers, seconds)
    const distant = await runWay(way, far, callers, seconds)
    const single = await runWay(way, far, 1, seconds / 2)
    return {
      [rate]: direct.transactions / direct.seconds,
      [cpu]: direct.cpuMicros / direct.transactions,
      [farRate]: distant.transactions / distant.seconds,
      [alone]: (1000 * single.seconds) / single.transactions,
    }
  },
})

const reference = Bun.which('pgbench') ? [pgbench(programs, near, { rate, cpu })] : []
const [loadAverage = 0] = loadavg()
const { lines } = await compare({ pace, log: progress }, [...ways.map(subject), ...reference])
progress('')
process.stdout.write(`${asText(figuresTable({ lines }))}\n`)
const measured = { name: 'micro', title, date: new Date().toISOString(), loadAverage, quick, notes: [] }
if (write) await publish('micro', ['micro'], [{ ...measured, lines, verdicts: [] }], databases.version)

/** Returns the database's URL through the delay proxy. */
async function throughProxy({ url }: Filled): Promise<string> {
  const port = String(await freePort())
  const environment = { PORT: port, DATABASE_PORT: new URL(url).port, DELAY_MS: String(delayMs) }
  programs.start([process.execPath, 'bench/delay-proxy.ts'], environment)
  return Object.assign(new URL(url), { port }).href
}
