import { Command } from '@commander-js/extra-typings'
import { openDatabases } from './databases.ts'
import { createPrograms } from './programs.ts'
import { asText, figuresTable, verdictsTable } from './report/table.ts'
import type { Pace, Scenario, Stand } from './scenario.ts'
import { create, get, list, longList } from './scenarios/against-floor.ts'
import { wrkVersion } from './wrk.ts'

const scenarios: Scenario[] = [get, list, longList, create]
const full: Pace = { rounds: 5, seconds: 6, warmUpSeconds: 4, manyTenants: 10_000 }
const quick: Pace = { rounds: 3, seconds: 3, warmUpSeconds: 2, manyTenants: 1000 }

const names = scenarios.map(({ name }) => name)
const { only, ...options } = new Command('bench')
  .description(
    'Measures what the README says about speed, on a PostgreSQL of its own, and compares it with the targets.',
  )
  .option('--quick', 'shorter and fewer rounds, a tenth of the large data')
  .option('--only <scenario...>', `some of ${names.join(', ')}`, names)
  .parse()
  .opts()

if (!wrkVersion()) throw new Error('wrk is not installed: "apt install wrk" or "brew install wrk".')

await using databases = await openDatabases()
await using programs = createPrograms()
const say = (text: string) => void process.stderr.write(process.stderr.isTTY ? `\r\x1b[2K${text}` : '')
const stand: Stand = { databases, programs, pace: options.quick ? quick : full, say }
for (const { name, title, run } of scenarios) {
  if (!only.includes(name)) continue
  const result = await run(stand)
  say('')
  process.stdout.write(`${title}\n\n${asText(figuresTable(result))}\n\n${asText(verdictsTable(result.verdicts))}\n\n`)
}
