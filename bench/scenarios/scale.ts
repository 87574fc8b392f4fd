import { compare } from '../compare.ts'
import type { Scenario, Verdict } from '../scenario.ts'
import { startRowhouse } from '../server.ts'
import { ratios } from '../statistics.ts'
import { figure, underLoad } from '../under-load.ts'

/** Compares the time per request, the inverse of the rate. */
const slower = (claim: string, target: number, fewer: number[], more: number[]): Verdict => ({
  claim,
  bound: 'at most',
  target,
  unit: '×',
  rounds: ratios(fewer, more),
})

export const manyTenants: Scenario = {
  name: 'many-tenants',
  title:
    '10,000 tenants and 10 million tasks against 100 tenants and 100,000 tasks (with --quick: 1,000 tenants and 1 million tasks)',
  async run(stand) {
    const { databases, programs, pace, log } = stand
    const few = { tenants: 100, tasks: 1000 }
    const many = { tenants: pace.manyTenants, tasks: 1000 }
    log(`filling a database with ${many.tenants * many.tasks} tasks`)
    await using small = await startRowhouse(programs, await databases.rowhouse(few))
    await using large = await startRowhouse(programs, await databases.rowhouse(many))
    const loads = (kind: 'get' | 'list') => [
      underLoad(stand, `${kind}, few`, small, { kind, first: 1, last: few.tenants, tasks: few.tasks, stride: 0 }),
      underLoad(stand, `${kind}, many`, large, { kind, first: 1, last: many.tenants, tasks: many.tasks, stride: 0 }),
    ]
    const { lines, of } = await compare(stand, [...loads('get'), ...loads('list')])
    return {
      lines,
      verdicts: [
        slower('get by id, time with many against few', 1.2, of('get, few', figure.rate), of('get, many', figure.rate)),
        slower(
          'first page, time with many against few',
          1.2,
          of('list, few', figure.rate),
          of('list, many', figure.rate),
        ),
      ],
      notes: [`Many: ${many.tenants.toLocaleString('en')} tenants. Each request belongs to a random one of them.`],
    }
  },
}

export const largeTenant: Scenario = {
  name: 'large-tenant',
  title: 'First page and total of a tenant with 250,000 tasks against a tenant with 1,000',
  async run(stand) {
    const { databases, programs, log } = stand
    log('filling a database with a large tenant')
    const database = await databases.rowhouse({ tenants: 2, tasks: 1000, tasksOfFirst: 250_000 })
    await using server = await startRowhouse(programs, database)
    const load = { kind: 'list', tasks: 1000, stride: 0 } as const
    const { lines, of } = await compare(stand, [
      underLoad(stand, '1,000 tasks', server, { ...load, first: 2, last: 2 }),
      underLoad(stand, '250,000 tasks', server, { ...load, first: 1, last: 1 }),
    ])
    const [few, many] = [of('1,000 tasks', figure.rate), of('250,000 tasks', figure.rate)]
    return {
      lines,
      verdicts: [slower('first page, time of the large tenant against the small', 3, few, many)],
      notes: ['Counting stops at 10,000, so a larger tenant is not slower than this one.'],
    }
  },
}
