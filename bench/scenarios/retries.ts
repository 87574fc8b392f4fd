import { users } from '../../db/schema/users.ts'
import { tenantIdOf } from '../../db/seed-many.ts'
import { rowVersion } from '../../src/conditions/index.ts'
import { withTenant } from '../../src/context/index.ts'
import { compare, type Subject } from '../compare.ts'
import type { Scenario } from '../scenario.ts'
import { startRowhouse } from '../server.ts'
import { ratios } from '../statistics.ts'
import { figure, underLoad } from '../under-load.ts'
import type { Load } from '../wrk.ts'

const tag = 'ns a tag'
const calls = 200_000
const version = rowVersion(users.updatedAt)

/** The tag of a row alone, in this process. */
const etag: Subject = {
  name: 'ETag',
  async measure() {
    return withTenant(tenantIdOf(1), () => {
      const dates = Array.from({ length: 1000 }, (_, index) => new Date(1_790_000_000_000 + index))
      const before = performance.now()
      let length = 0
      for (let call = 0; call < calls; call += 1) length += version.etag(dates[call % 1000] as Date).length
      return { [tag]: (1e6 * (performance.now() - before)) / calls + 0 * length }
    })
  },
}

export const retries: Scenario = {
  name: 'retries',
  title: 'What clients ask for: a list by cursor, a get of what the client has, a create with an Idempotency-Key',
  async run(stand) {
    const { databases, programs } = stand
    const amount = { tenants: 100, tasks: 1000 }
    await using server = await startRowhouse(programs, await databases.rowhouse(amount))
    const kinds: [string, Load['kind']][] = [
      ['list', 'list'],
      ['list by cursor', 'cursor'],
      ['get', 'get'],
      ['get, 304', 'unchanged'],
      ['create', 'create'],
      ['create, key', 'keyed'],
    ]
    const load = { first: 1, last: amount.tenants, tasks: amount.tasks, stride: 0 } as const
    const subjects = kinds.map(([name, kind]) => underLoad(stand, name, server, { ...load, kind }))
    const { lines, of } = await compare(stand, [...subjects, etag])
    return {
      lines,
      verdicts: [
        {
          claim: 'creates a second with a key, of those without',
          bound: 'at least',
          target: 0.5,
          unit: '×',
          rounds: ratios(of('create, key', figure.rate), of('create', figure.rate)),
        },
        {
          claim: 'first pages a second by cursor, of those by offset with their total',
          bound: 'at least',
          target: 1,
          unit: '×',
          rounds: ratios(of('list by cursor', figure.rate), of('list', figure.rate)),
        },
      ],
      notes: ['The tag is computed in this process, for a date and the current tenant.'],
    }
  },
}
