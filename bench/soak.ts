import { Command } from '@commander-js/extra-typings'
import { closeDatabases } from '../test/database.ts'
import { kinds } from '../test/faults/scenario.ts'
import { type Figures, storm } from '../test/faults/under-load.ts'

// The storm of test/faults for minutes, on a PostgreSQL of its own: seed after seed, each with tenants and a pool of its own.
const { minutes, seed, transactions } = new Command('soak')
  .description(
    'Lets storms of faults loose on the tenant database; exits 1 when a row is foreign or lost, or a call stuck',
  )
  .option('--minutes <number>', 'for how long; 0 for one storm', Number, 2)
  .option('--seed <number>', 'of the first storm; the next has the next', Number, 1)
  .option('--transactions <number>', 'of each storm', Number, 1000)
  .parse()
  .opts()

const sum: Record<string, number> = {}
const add = (name: string, amount: number) => {
  sum[name] = (sum[name] ?? 0) + amount
}

function count(figures: Figures): void {
  const { transactions, committed, unknown, faults, failures, damage } = figures
  for (const [name, amount] of Object.entries({ storms: 1, transactions, committed, unknown })) add(name, amount)
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
    `\nReplay it: bun bench/soak.ts --minutes 0 --seed ${harmed.seed} --transactions ${transactions}\n`,
  )
  process.stdout.write(`${JSON.stringify(harmed, null, 2)}\n`)
}
process.exitCode = harmed ? 1 : 0
