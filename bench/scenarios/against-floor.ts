import { type Comparison, compare } from '../compare.ts'
import type { Amount } from '../databases.ts'
import type { Scenario, Stand, Verdict } from '../scenario.ts'
import { startFloor, startRowhouse } from '../server.ts'
import { ratios } from '../statistics.ts'
import { figure, underLoad } from '../under-load.ts'
import type { Load } from '../wrk.ts'

const hundred = { tenants: 100, tasks: 1000 }
const ten = { tenants: 10, tasks: 10_000 }

/** One process each, on the same PostgreSQL, with the same amount of data and ten connections. */
async function againstFloor(stand: Stand, kind: Load['kind'], amount: Amount): Promise<Comparison> {
  const { databases, programs } = stand
  stand.say(`filling both databases: ${amount.tenants} tenants, ${amount.tasks} tasks each`)
  await using floor = await startFloor(programs, await databases.floor(amount))
  await using rowhouse = await startRowhouse(programs, await databases.rowhouse(amount))
  const load = { kind, first: 1, last: amount.tenants, tasks: amount.tasks } as const
  return await compare(stand, [
    underLoad(stand, 'floor', floor, { ...load, stride: 1 }),
    underLoad(stand, 'rowhouse', rowhouse, { ...load, stride: 0 }),
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

const slowest = (measured: Comparison): Verdict => ({
  claim: 'p99, against the floor',
  bound: 'at most',
  target: 1,
  unit: '×',
  rounds: against(measured, figure.p99),
})

export const get: Scenario = {
  name: 'get',
  title: 'GET /tasks/{id}: 100 tenants with 1,000 tasks each',
  async run(stand) {
    const measured = await againstFloor(stand, 'get', hundred)
    const resident: Verdict = {
      claim: 'resident memory under this load',
      bound: 'at most',
      target: 100,
      unit: 'MB',
      rounds: measured.of('rowhouse', figure.resident),
    }
    return { lines: measured.lines, verdicts: [rate(measured, 1.25), slowest(measured), resident], notes: [] }
  },
}

export const list: Scenario = {
  name: 'list',
  title: 'GET /tasks?page=1&limit=20, rows and total: 100 tenants with 1,000 tasks each',
  async run(stand) {
    const measured = await againstFloor(stand, 'list', hundred)
    return { lines: measured.lines, verdicts: [rate(measured, 5), slowest(measured)], notes: [] }
  },
}

export const longList: Scenario = {
  name: 'long-list',
  title: 'GET /tasks?page=1&limit=20, rows and total: 10 tenants with 10,000 tasks each',
  async run(stand) {
    const measured = await againstFloor(stand, 'list', ten)
    return { lines: measured.lines, verdicts: [rate(measured, 5), slowest(measured)], notes: [] }
  },
}

export const create: Scenario = {
  name: 'create',
  title: 'POST /tasks: 100 tenants, who have 1,000 tasks each when it begins',
  async run(stand) {
    const measured = await againstFloor(stand, 'create', hundred)
    return { lines: measured.lines, verdicts: [rate(measured, 1.1), slowest(measured)], notes: [] }
  },
}
