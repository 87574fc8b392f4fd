import { watchBackends } from '../backend-usage.ts'
import { type Comparison, compare, type Subject } from '../compare.ts'
import type { Line, Scenario, Stand, Verdict } from '../scenario.ts'
import { type Server, startRowhouse } from '../server.ts'
import { ratios } from '../statistics.ts'
import { figure, underLoad } from '../under-load.ts'
import type { Load } from '../wrk.ts'

// What the audit trail and the trash cost: the same requests to two services, one of whose databases records nothing.

const subjects = ['unrecorded', 'recorded'] as const
type Name = (typeof subjects)[number]
const cpu = 'PostgreSQL CPU µs/request'
const worker = 'worker µs/entry'
/** More tasks than a server deletes in a round. */
const deletesPerSecond = 14_000

type Databases = Record<Name, Awaited<ReturnType<Stand['databases']['recorded']>>>
type Servers = Record<Name, Server>

/** The figures of a service, with the CPU time of the processes of its database. */
function withBackends(stand: Stand, name: Name, databases: Databases, servers: Servers, load: Load): Subject {
  const { measure } = underLoad(stand, name, servers[name], load)
  return {
    name,
    async measure(seconds, round) {
      await using backends = watchBackends(databases[name])
      const before = await backends.cpuMicros()
      const figures = await measure(seconds, round)
      const requests = (figures[figure.rate] ?? 0) * seconds
      const micros = ((await backends.cpuMicros()) - before) / requests
      const appended = await stand.databases.appendAuditLogs(databases[name])
      const ofWorker = appended.entries > 0 ? { [worker]: appended.micros / appended.entries } : {}
      return { ...figures, [cpu]: micros, ...ofWorker }
    },
  }
}

const linesOf = (kind: string, { lines }: Comparison): Line[] =>
  lines.map((line) => ({ ...line, subject: `${kind}, ${line.subject}` }))
const added = ({ of }: Comparison, name: string) => {
  const [without, recording] = subjects.map((subject) => of(subject, name))
  return (recording ?? []).map((value, round) => value - (without?.[round] ?? Number.NaN))
}
const rate = (claim: string, target: number, { of }: Comparison): Verdict => ({
  claim: `${claim} a second, against those of tables that record nothing`,
  bound: 'at least',
  target,
  unit: '×',
  rounds: ratios(of('recorded', figure.rate), of('unrecorded', figure.rate)),
})

export const recorded: Scenario = {
  name: 'recorded',
  title: 'Tables with an audit trail and a trash: POST, DELETE and GET /tasks/{id}, 100 tenants',
  async run(stand) {
    const { rounds, seconds } = stand.pace
    const slice = deletesPerSecond * seconds
    const amount = { tenants: 100, tasks: Math.ceil(((rounds + 1) * slice) / 100) }
    stand.log(`filling two databases: ${amount.tenants} tenants with ${amount.tasks} tasks each`)
    const databases = {
      unrecorded: await stand.databases.recorded(amount, false),
      recorded: await stand.databases.recorded(amount, true),
    }
    await using unrecordedService = await startRowhouse(stand.programs, databases.unrecorded)
    await using recordedService = await startRowhouse(stand.programs, databases.recorded)
    const servers = { unrecorded: unrecordedService, recorded: recordedService }
    const measureLoad = (kind: Load['kind']) => {
      const load = { kind, first: 1, last: amount.tenants, tasks: amount.tasks, slice, stride: 0 } as const
      return compare(
        stand,
        subjects.map((name) => withBackends(stand, name, databases, servers, load)),
      )
    }
    // Creates are last: they add tasks.
    const [get, remove, create] = [await measureLoad('get'), await measureLoad('delete'), await measureLoad('create')]
    return {
      lines: [...linesOf('get', get), ...linesOf('delete', remove), ...linesOf('create', create)],
      verdicts: [
        rate('reads', 0.95, get),
        rate('creates', 0.8, create),
        {
          claim: "PostgreSQL's CPU time for the entry of a created row",
          bound: 'at most',
          target: 80,
          unit: 'µs',
          rounds: added(create, cpu),
        },
      ],
      notes: [
        'The queue of the audit trail is empty before each measurement, as with a worker that runs. What the worker costs is the time of its statement.',
        'A create writes one entry of the audit trail. A delete writes an entry with every column, and the row to the trash.',
        'Commits do not wait for a disk (fsync is off). With a disk to wait for, the results would be closer together.',
      ],
    }
  },
}
