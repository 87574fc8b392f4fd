import type { Amount } from '../amount.ts'
import { type Comparison, compare, type Subject } from '../compare.ts'
import type { Filled } from '../databases.ts'
import type { Scenario, Stand, Verdict } from '../scenario.ts'
import { startFloor, startRowhouse } from '../server.ts'
import { ratios } from '../statistics.ts'
import { figure, underLoad } from '../under-load.ts'
import { bareConnection } from '../ways/bare-connection.ts'
import { runWay } from '../ways/run-way.ts'
import { connections, type Load } from '../wrk.ts'

// Compares the service with bench/floor.ts: one process each, on the same PostgreSQL, with the same data and ten connections.

const hundred = { tenants: 100, tasks: 1000 }
const ten = { tenants: 10, tasks: 30_000 }

async function againstFloor(
  stand: Stand,
  kind: Load['kind'],
  amount: Amount,
  others: (database: Filled) => Subject[] = () => [],
): Promise<Comparison> {
  const { databases, programs, log } = stand
  log(`filling two databases: ${amount.tenants} tenants with ${amount.tasks} tasks each`)
  const database = await databases.rowhouse(amount)
  await using floor = await startFloor(programs, await databases.floor(amount))
  await using rowhouse = await startRowhouse(programs, database)
  const load = { kind, first: 1, last: amount.tenants, tasks: amount.tasks } as const
  return await compare(stand, [
    underLoad(stand, 'floor', floor, { ...load, stride: 1 }),
    underLoad(stand, 'rowhouse', rowhouse, { ...load, stride: 0 }),
    ...others(database),
  ])
}

const against = ({ of }: Comparison, name: string) => ratios(of('rowhouse', name), of('floor', name))

const rate = (measured: Comparison, target: number): Verdict => ({
  claim: 'requests a second, against the floor',
  bound: 'at least',
  target,
  unit: '×',
  rounds: against(measured, figure.rate),
})

/** The transaction of a get without HTTP, in this process: the driver's share of the service's CPU time. */
const driver = (database: Filled): Subject => ({
  name: 'driver alone',
  async measure(seconds) {
    const { transactions, seconds: took, cpuMicros } = await runWay(bareConnection, database, connections, seconds)
    return { [figure.rate]: transactions / took, [figure.cpu]: cpuMicros / transactions }
  },
})

export const get: Scenario = {
  name: 'get',
  title: 'GET /tasks/{id}: 100 tenants with 1,000 tasks each',
  async run(stand) {
    const measured = await againstFloor(stand, 'get', hundred, (database) => [driver(database)])
    const [whole, driverAlone] = [measured.of('rowhouse', figure.cpu), measured.of('driver alone', figure.cpu)]
    const beyond: Verdict = {
      claim: "CPU time of a request beyond the driver's own",
      bound: 'at most',
      target: 60,
      unit: 'µs',
      rounds: whole.map((micros, round) => micros - (driverAlone[round] ?? Number.NaN)),
    }
    const slowest: Verdict = {
      claim: 'p99, against the floor',
      bound: 'at most',
      target: 1,
      unit: '×',
      rounds: against(measured, figure.p99),
    }
    const resident: Verdict = {
      claim: 'resident memory under this load',
      bound: 'at most',
      target: 100,
      unit: 'MB',
      rounds: measured.of('rowhouse', figure.resident),
    }
    return {
      lines: measured.lines,
      verdicts: [rate(measured, 1.25), slowest, beyond, resident],
      notes: [
        '"driver alone" sends the same messages to PostgreSQL and does nothing else: bench/ways/bare-connection.ts.',
      ],
    }
  },
}

export const list: Scenario = {
  name: 'list',
  title: 'GET /tasks?page=1&limit=20, rows and total: 100 tenants with 1,000 tasks each',
  async run(stand) {
    const measured = await againstFloor(stand, 'list', hundred)
    return { lines: measured.lines, verdicts: [rate(measured, 5)], notes: [] }
  },
}

export const longList: Scenario = {
  name: 'long-list',
  title: 'GET /tasks?page=1&limit=20, rows and total: 10 tenants with 30,000 tasks each',
  async run(stand) {
    const measured = await againstFloor(stand, 'list', ten)
    return { lines: measured.lines, verdicts: [rate(measured, 5)], notes: [] }
  },
}

export const create: Scenario = {
  name: 'create',
  title: 'POST /tasks: 100 tenants with 1,000 tasks each at the beginning',
  async run(stand) {
    const measured = await againstFloor(stand, 'create', hundred)
    return {
      lines: measured.lines,
      verdicts: [rate(measured, 1.1)],
      notes: [
        'Commits do not wait for a disk (fsync is off). With a disk to wait for, the results would be closer together.',
      ],
    }
  },
}
