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

interface Compared {
  kind: Load['kind']
  amount: Amount
  slice?: number
  /** Further subjects on the database of Rowhouse. */
  others?: (database: Filled) => Subject[]
}

async function againstFloor(stand: Stand, { kind, amount, slice = 0, others }: Compared): Promise<Comparison> {
  const { databases, programs, log } = stand
  log(`filling two databases: ${amount.tenants} tenants with ${amount.tasks} tasks each`)
  const database = await databases.rowhouse(amount)
  await using floor = await startFloor(programs, await databases.floor(amount))
  await using rowhouse = await startRowhouse(programs, database)
  const load = { kind, first: 1, last: amount.tenants, tasks: amount.tasks, slice } as const
  return await compare(stand, [
    underLoad(stand, 'floor', floor, { ...load, stride: 1 }),
    underLoad(stand, 'rowhouse', rowhouse, { ...load, stride: 0 }),
    ...(others?.(database) ?? []),
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
    const measured = await againstFloor(stand, {
      kind: 'get',
      amount: hundred,
      others: (database) => [driver(database)],
    })
    const slowest: Verdict = {
      claim: 'p99, against the floor',
      bound: 'at most',
      target: 0.9,
      unit: '×',
      rounds: against(measured, figure.p99),
    }
    const cpu: Verdict = {
      claim: 'CPU time of the service for a request',
      bound: 'at most',
      target: 70,
      unit: 'µs',
      rounds: measured.of('rowhouse', figure.cpu),
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
      verdicts: [rate(measured, 2), slowest, cpu, resident],
      notes: [
        '"driver alone" sends the same messages to PostgreSQL, in the same socket writes, and does nothing else: ' +
          'bench/ways/bare-connection.ts. "Where the time of a get goes", below, divides the rest.',
      ],
    }
  },
}

/** A scenario whose only target is the rate. */
const compared = (name: string, title: string, target: number, work: Compared, notes: string[] = []): Scenario => ({
  name,
  title,
  async run(stand) {
    const measured = await againstFloor(stand, work)
    return { lines: measured.lines, verdicts: [rate(measured, target)], notes }
  },
})

const firstPage = 'GET /tasks?page=1&limit=20, rows and total'
const withoutDisk =
  'Commits do not wait for a disk (fsync is off). With a disk to wait for, the results would be closer together.'

const records =
  'The service keeps an audit trail and a trash of its tasks, and the floor keeps nothing: `recorded` says what they cost.'

export const list = compared('list', `${firstPage}: 100 tenants with 1,000 tasks each`, 2.2, {
  kind: 'list',
  amount: hundred,
})

export const longList = compared('long-list', `${firstPage}: 10 tenants with 30,000 tasks each`, 10, {
  kind: 'list',
  amount: ten,
})

export const create = compared(
  'create',
  'POST /tasks: 100 tenants with 1,000 tasks each at the beginning',
  1.1,
  { kind: 'create', amount: hundred },
  [withoutDisk, records],
)

export const update = compared(
  'update',
  'PATCH /tasks/{id}, the status: 100 tenants with 1,000 tasks each',
  1.1,
  { kind: 'update', amount: hundred },
  [withoutDisk, records],
)

/** More tasks than a server deletes in a round. */
const deletesPerSecond = 14_000

export const remove: Scenario = {
  name: 'delete',
  title: 'DELETE /tasks/{id}, each task once: 100 tenants',
  async run(stand) {
    const { rounds, seconds } = stand.pace
    const slice = deletesPerSecond * seconds
    const amount = { tenants: 100, tasks: Math.ceil(((rounds + 1) * slice) / 100) }
    const measured = await againstFloor(stand, { kind: 'delete', amount, slice })
    return { lines: measured.lines, verdicts: [rate(measured, 1.1)], notes: [withoutDisk, records] }
  },
}
