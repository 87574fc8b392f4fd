import { loadavg } from 'node:os'
import { Command, Option } from '@commander-js/extra-typings'
import { openDatabases } from './databases.ts'
import { createPrograms } from './programs.ts'
import { progress } from './report/progress.ts'
import { publish } from './report/publish.ts'
import type { Measured } from './report/results.ts'
import { asText, figuresTable, verdictsTable } from './report/table.ts'
import type { Pace, Scenario, Stand } from './scenario.ts'
import { create, get, list, longList, remove, update } from './scenarios/against-floor.ts'
import { besideSlow } from './scenarios/beside-slow.ts'
import { bodies } from './scenarios/bodies.ts'
import { flood } from './scenarios/flood.ts'
import { hoard } from './scenarios/hoard.ts'
import { recorded } from './scenarios/recorded.ts'
import { retries } from './scenarios/retries.ts'
import { roundTrips } from './scenarios/round-trips.ts'
import { rowSecurity } from './scenarios/row-security.ts'
import { safety } from './scenarios/safety.ts'
import { largeTenant, manyTenants } from './scenarios/scale.ts'
import { signedContext } from './scenarios/signed-context.ts'
import { start } from './scenarios/start.ts'
import { wrkVersion } from './wrk.ts'

// `update` and `create` are last, because they change the databases of the others.
const scenarios: Scenario[] = [
  get,
  list,
  longList,
  roundTrips,
  besideSlow,
  rowSecurity,
  manyTenants,
  largeTenant,
  safety,
  signedContext,
  flood,
  hoard,
  bodies,
  start,
  remove,
  retries,
  recorded,
  update,
  create,
]
const thorough: Pace = { rounds: 5, seconds: 5, warmUpSeconds: 3, manyTenants: 10_000 }
const hasty: Pace = { rounds: 3, seconds: 2, warmUpSeconds: 1, manyTenants: 1000 }

const names = scenarios.map(({ name }) => name)
const { quick = false, ...options } = new Command('bench')
  .description('Measures the speed of the service on its own PostgreSQL server, and compares it with the targets.')
  .option('--quick', 'run fewer and shorter rounds, with a tenth of the large data')
  .addOption(new Option('--only <scenario...>', 'run these scenarios only').choices(names))
  .option('--write', 'write docs/bench and docs/performance.md, as a full run does; other scenarios keep their figures')
  .parse()
  .opts()

if (process.platform !== 'linux' || !wrkVersion()) {
  process.stderr.write('The bench needs Linux, because it reads /proc, and wrk: apt-get install wrk\n')
  process.exit(1)
}

await using databases = await openDatabases()
await using programs = createPrograms()
const stand: Stand = { databases, programs, pace: quick ? hasty : thorough, log: progress }

const all: Measured[] = []
for (const { name, title, run } of scenarios) {
  if (options.only && !options.only.includes(name)) continue
  const [loadAverage = 0] = loadavg()
  const result = await run(stand)
  all.push({ name, title, date: new Date().toISOString(), loadAverage, quick, ...result })
  progress('')
  const tables = [figuresTable(result), ...(result.verdicts.length > 0 ? [verdictsTable(result.verdicts)] : [])]
  process.stdout.write(`${[`${name}: ${title}`, ...tables.map(asText), ...result.notes].join('\n\n')}\n\n\n`)
}
if (options.write || !(quick || options.only)) await publish('results', names, all, databases.version)
