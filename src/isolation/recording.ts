import { type Connection, query } from '../database/index.ts'
import { type IsolationCheckOptions, listedNames } from './inspect.ts'
import { recordingQuery } from './recording-query.ts'
import { tablesQuery } from './tables-query.ts'

/** What the database keeps of the writes to a table, besides its rows. Triggers that do not run do not count. */
export interface Recording {
  /** The columns whose values the audit trail does not hold, and those that make no entry alone; null without an audit trail. */
  audit: { redact: string[]; ignore: string[] } | null
  /** Whether deleted rows go to the trash. */
  trash: boolean
  /** The tables from which a delete cascades to this one. */
  cascadesFrom: string[]
}

interface RecordingRow {
  name: string
  /** Arguments of the trigger. */
  redact: string | null
  ignore: string | null
  tenantColumn: string | null
  trash: boolean
  cascadesFrom: string[]
}

/**
 * Reads what the database keeps of the writes to each tenant table, by the name of the table. Call it in a transaction: it changes the
 * search_path.
 *
 * @example
 * const recordings = await readRecording(connection, { role: 'app_user' })
 */
export async function readRecording(
  connection: Connection,
  options: IsolationCheckOptions & { role: string },
): Promise<Map<string, Recording>> {
  const given = [options.role, options.tenantColumn ?? 'tenant_id', ...listedNames(options)]
  await query(connection, "select pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true)") // names have their schemas
  const rows = (await query(connection, recordingsQuery, given)) as unknown as RecordingRow[] // the query's own columns
  return new Map(
    rows.map(({ name, redact, ignore, tenantColumn, trash, cascadesFrom }) => [
      name,
      {
        audit:
          redact === null
            ? null
            : { redact: elements(redact), ignore: elements(ignore ?? '').filter((column) => column !== tenantColumn) },
        trash,
        cascadesFrom,
      },
    ]),
  )
}

/** The elements of an array of texts as PostgreSQL writes it (chapter 8.15.6). The cast of a malformed one would fail. */
const elements = (array: string): string[] =>
  [...array.matchAll(/"((?:[^"\\]|\\.)*)"|([^{},"]+)/g)].map(([, quoted, plain = '']) =>
    quoted === undefined ? plain : quoted.replaceAll(/\\(.)/gs, '$1'),
  )

const recordingsQuery = `
with ${tablesQuery}, ${recordingQuery(false)}
select name, case when cardinality(g.arguments) > 6 then g.arguments[6] when g.arguments is not null then '{}' end as redact,
  g.arguments[5] as ignore, g.arguments[3] as "tenantColumn",
  exists (
    select from recording_triggers kept
    where kept.tgrelid = tables.oid and kept.tgname = 'keep_deleted' and kept.calls = 'tenancy.keep_deleted' and kept.runs) as trash,
  array(
    select distinct parent.name from pg_constraint f join tables parent on parent.oid = f.confrelid
    where f.conrelid = tables.oid and f.confrelid <> f.conrelid and f.contype = 'f' and f.confdeltype = 'c' and f.conparentid = 0
    order by parent.name) as "cascadesFrom"
from tables
left join recording_triggers g
  on g.tgrelid = tables.oid and g.tgname = 'record_change' and g.calls = 'tenancy.record_change' and g.runs and g.tgparentid = 0
where not relispartition and not recorded
order by name`
