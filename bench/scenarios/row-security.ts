import type { TenantId } from '../../src/context/index.ts'
import { openTenant } from '../../src/database/tenant-opening.ts'
import { compare, type Subject } from '../compare.ts'
import type { Scenario, Verdict } from '../scenario.ts'
import { median, ratios } from '../statistics.ts'
import { type Backend, openBackend, type Work } from './backend.ts'

const amount = { tenants: 100, tasks: 1000 }
const cpu = 'CPU µs of PostgreSQL/transaction'

/** The statements of the service that set the tenant, behind its BEGIN. */
const context: Work = ({ tenantId }) => {
  const of = { tenantId: tenantId as TenantId, requestId: 'bench' } // an id of db/seed-many.ts
  return [...openTenant({ mode: 'read' }, of, {}).statements().slice(1)]
}
const protectedGet: Work = ({ taskId }) => [{ text: 'select * from tasks where id = $1', parameters: [taskId] }]
const plainGet: Work = ({ tenantId, taskId }) => [
  { text: 'select * from tasks where tenant_id = $1 and id = $2', parameters: [tenantId, taskId] },
]
// As rowCount() and countUpTo() write them: PostgreSQL plans neither of them again.
const protectedPage: Work = () => [
  {
    text: 'select * from tasks order by created_at desc, id desc limit (select $1::bigint) offset (select $2::bigint)',
    parameters: [21, 0],
  },
  { text: 'select count(*) from (select from tasks limit 10001) as counted', parameters: [] },
]
const plainPage: Work = ({ tenantId }) => [
  {
    text:
      'select * from tasks where tenant_id = $1 order by created_at desc, id desc ' +
      'limit (select $2::bigint) offset (select $3::bigint)',
    parameters: [tenantId, 21, 0],
  },
  {
    text: 'select count(*) from (select from tasks where tenant_id = $1 limit 10001) as counted',
    parameters: [tenantId],
  },
]

const names = {
  plain: 'WHERE tenant_id = $1',
  inContext: 'WHERE and context',
  protected: 'row-level security and context',
}

export const rowSecurity: Scenario = {
  name: 'row-security',
  title: 'In PostgreSQL: row-level security and context against WHERE tenant_id = $1',
  async run(stand) {
    const { url, bypassUrl } = await stand.databases.rowhouse(amount)
    await using serving = await openBackend(url, amount)
    await using bypassing = await openBackend(bypassUrl, amount)

    const subject = (name: string, backend: Backend, ...parts: Work[]): Subject => ({
      name,
      measure: async (seconds) => ({
        [cpu]: await backend.run((chosen) => parts.flatMap((part) => part(chosen)), seconds),
      }),
    })
    // The same work in three forms, which separate the cost of the context from the cost of row-level security.
    const subjects = (name: string, plain: Work, underPolicy: Work) => [
      subject(`${name}, ${names.plain}`, bypassing, plain),
      subject(`${name}, ${names.inContext}`, bypassing, context, plain),
      subject(`${name}, ${names.protected}`, serving, context, underPolicy),
    ]
    // A small difference needs many short rounds, since other work of the machine comes and goes.
    const pace = { rounds: 10 * stand.pace.rounds, seconds: stand.pace.seconds / 20, warmUpSeconds: 1 }
    const all = [...subjects('get', plainGet, protectedGet), ...subjects('page', plainPage, protectedPage)]
    const { lines, of } = await compare({ ...stand, pace }, all)

    const percentAbove = (name: string, than: string) =>
      ratios(of(`${name}, ${names.protected}`, cpu), of(`${name}, ${than}`, cpu)).map((ratio) => 100 * (ratio - 1))
    const dearer = (name: string): Verdict => ({
      claim: `${name}, row-level security and context against WHERE`,
      bound: 'at most',
      target: 15,
      unit: '%',
      rounds: percentAbove(name, names.plain),
    })
    const policiesAlone = (name: string) => `${name} ${median(percentAbove(name, names.inContext)).toFixed(0)} %`
    return {
      lines,
      verdicts: [dearer('get'), dearer('page')],
      notes: [
        `${pace.rounds} rounds of ${pace.seconds} s. The figure is the CPU time of the backend: one connection, prepared statements, ` +
          'twenty transactions in a message.',
        'A role with BYPASSRLS and the same limits sends the queries with WHERE. Without the context its transaction has one ' +
          'statement fewer.',
        `Row security alone, with the context set in both: ${policiesAlone('get')}, ${policiesAlone('page')}.`,
      ],
    }
  },
}
