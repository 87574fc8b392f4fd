import { Command } from '@commander-js/extra-typings'
import { closeDatabases } from '../test/database.ts'
import { faultKinds } from '../test/faults/scenario.ts'
import { type FaultRunResult, runWithFaults } from '../test/faults/under-load.ts'

// The fault injection of test/faults for minutes, on its own PostgreSQL server. Each run has its own seed, tenants and pool.
const { minutes, seed, transactions } = new Command('soak')
  .description(
    'Injects faults into transactions of the tenant database; exits with 1 when a row is foreign or lost, or a call hangs',
  )
  .option('--minutes <number>', 'the duration; 0 for one run', Number, 2)
  .option('--seed <number>', 'the seed of the first run; each further run adds 1', Number, 1)
  .option('--transactions <number>', 'the number of transactions in each run', Number, 1000)
  .parse()
  .opts()

const sum: Record<string, number> = {}
const add = (name: string, amount: number) => {
  sum[name] = (sum[name] ?? 0) + amount
}

function count(result: FaultRunResult): void {
  const { transactions, committed, unknown, faults, failures, damage } = result
  for (const [name, amount] of Object.entries({ runs: 1, transactions, committed, unknown })) add(name, amount)
  for (const [name, found] of Object.entries(damage)) add(name, found.length)
  for (const [kind, times] of Object.entries(faults)) add(`fault: ${kind}`, times)
  for (const [code, times] of Object.entries(failures)) add(`failed: ${code}`, times)
}

const end = Date.now() + minutes * 60_000
let damaged: FaultRunResult | undefined
for (let next = seed; !damaged && (next === seed || Date.now() < end); next += 1) {
  const result = await runWithFaults({ seed: next, transactions, kinds: faultKinds })
  count(result)
  if (Object.values(result.damage).some((found) => found.length > 0)) damaged = result
}
await closeDatabases()

const width = Math.max(...Object.keys(sum).map((name) => name.length))
for (const [name, amount] of Object.entries(sum)) process.stdout.write(`${name.padEnd(width)} ${amount}\n`)
if (damaged) {
  process.stdout.write(
    `\nRepeat it: bun bench/soak.ts --minutes 0 --seed ${damaged.seed} --transactions ${transactions}\n`,
  )
  process.stdout.write(`${JSON.stringify(damaged, null, 2)}\n`)
}
process.exitCode = damaged ? 1 : 0
