import { compare } from '../compare.ts'
import type { Scenario } from '../scenario.ts'
import { startRowhouse } from '../server.ts'
import { median, ratios } from '../statistics.ts'
import { figure, underLoad } from '../under-load.ts'

const amount = { tenants: 100, tasks: 1000 }
const load = { kind: 'get', first: 1, last: amount.tenants, tasks: amount.tasks, stride: 0 } as const

export const workers: Scenario = {
  name: 'workers',
  title: 'GET /tasks/{id} with one process and with `bun start --workers 2`',
  async run(stand) {
    const database = await stand.databases.rowhouse(amount)
    await using one = await startRowhouse(stand.programs, database)
    await using two = await startRowhouse(stand.programs, database, { options: ['--workers', '2'] })
    const measured = await compare(stand, [
      underLoad(stand, 'one process', one, load),
      underLoad(stand, 'two workers', two, load),
    ])
    const gain = ratios(measured.of('two workers', figure.rate), measured.of('one process', figure.rate))
    return {
      lines: measured.lines,
      verdicts: [],
      notes: [
        `Two workers answer ${median(gain).toFixed(2)} times as many requests. Memory and CPU time are the sum of all processes.`,
        'wrk and PostgreSQL run on the same cores: on a machine with two, no core is free for the second worker.',
      ],
    }
  },
}
