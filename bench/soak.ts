import { Command } from '@commander-js/extra-typings'
import { closeDatabases } from '../test/database.ts'
import { kinds } from '../test/faults/scenario.ts'
import { type Figures, storm } from '../test/faults/under-load.ts'

// Runs the fault injection of test/faults for minutes, seed by seed, on a PostgreSQL of its own. Each seed has its own tenants
// and its own pool.
const { minutes, seed, transactions } = new Command('soak')
  .description('Injects faults into the tenant database; exits with 1 when a row is foreign or lost, or a call hangs')
  .option('--minutes <number>', 'how long to run; 0 for one seed', Number, 2)
  .option('--seed <number>', 'the first seed; it grows by one with each round', Number, 1)
  .option('--transactions <number>', 'the number of transactions for each seed', Number, 1000)
  .parse()
  .opts()

const sum: Record<string, number> = {}
const add = (name: string, amount: number) => {
  sum[name] = (sum[name] ?? 0) + amount
}

function count(figures: Figures): void {
  const { transactions, committed, unknown, faults, failures, damage } = figures
  for (const [name, amount] of Object.entries({ rounds: 1, transactions, committed, unknown })) add(name, amount)
  for (const [name, found] of Object.entries(damage)) add(name, found.length)
  for (const [kind, times] of Object.entries(faults)) add(`fault: ${kind}`, times)
  for (const [code, times] of Object.entries(failures)) add(`failed: ${code}`, times)
}

const end = Date.now() + minutes * 60_000
let harmed: Figures | undefined
for (let next = seed; !harmed && (next === seed || Date.now() < end); next += 1) {
  const figures = await storm({ seed: next, transactions, kinds })
  count(figures)
  if (Object.values(figures.damage).some((found) => found.length > 0)) harmed = figures
}
await closeDatabases()

const width = Math.max(...Object.keys(sum).map((name) => name.length))
for (const [name, amount] of Object.entries(sum)) process.stdout.write(`${name.padEnd(width)} ${amount}\n`)
if (harmed) {
  process.stdout.write(
    `\nReplay it with: bun bench/soak.ts --minutes 0 --seed ${harmed.seed} --transactions ${transactions}\n`,
  )
  process.stdout.write(`${JSON.stringify(harmed, null, 2)}\n`)
}
process.exitCode = harmed ? 1 : 0
