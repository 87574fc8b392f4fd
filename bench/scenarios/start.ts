import { compare, type Subject } from '../compare.ts'
import type { Scenario } from '../scenario.ts'
import { startRowhouse } from '../server.ts'

const starts = 10
const figure = 'ms until /ready answers 200'

export const start: Scenario = {
  name: 'start',
  title: 'From `bun src/runtime/bun.ts` to the first 200 of /ready, on a migrated database',
  async run(stand) {
    const { databases, programs, pace } = stand
    const database = await databases.rowhouse({ tenants: 100, tasks: 1000 })
    const startAndStop = async () => {
      await using server = await startRowhouse(programs, database)
      return { [figure]: server.readyMs }
    }
    const restarted: Subject = {
      name: 'PostgreSQL just restarted',
      async measure() {
        await databases.restart()
        return await startAndStop()
      },
    }
    const warm: Subject = { name: 'PostgreSQL warm', measure: startAndStop }
    const { lines, of } = await compare({ ...stand, pace: { ...pace, rounds: starts } }, [restarted, warm])
    return {
      lines,
      verdicts: [
        { claim: 'start, PostgreSQL warm', bound: 'at most', target: 300, unit: 'ms', rounds: of(warm.name, figure) },
      ],
      notes: [],
    }
  },
}
