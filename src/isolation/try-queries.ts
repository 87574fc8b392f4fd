import { type Connection, query } from '../database/index.ts'
import type { TenantValue } from './probe-tenant.ts'
import { firstColumn, inSavepoint } from './savepoint.ts'

/** Whether a query returned true, or the SQLSTATE that it failed with. */
export type Answer = boolean | string

/** A name with a query that returns one boolean. */
export type NamedQuery = readonly [name: string, text: string]

/**
 * Runs queries in a few statements, however many they are: one that fails does not concern the others.
 *
 * @param until when to stop, as `performance.now()` counts: the queries that are left get 57014, query_canceled
 * @param tenant the tenant to run them as
 */
export async function answersOf(
  connection: Connection,
  queries: readonly NamedQuery[],
  until: number,
  tenant?: TenantValue,
): Promise<Map<string, Answer>> {
  const [only] = queries
  if (only === undefined) return new Map()
  if (performance.now() > until) return new Map(queries.map(([name]) => [name, '57014']))
  const isOne = queries.length === 1
  const outcome = await inSavepoint(
    connection,
    async () => {
      if (tenant) await setTenant(connection, tenant)
      return isOne ? await firstColumn(connection, only[1]) : await inBlock(connection, queries)
    },
    isOne ? '500ms' : '3s',
  )
  if ('value' in outcome) return new Map(queries.map(([name], index) => [name, answerOf(outcome.value[index])]))
  if (isOne) return new Map([[only[0], outcome.sqlstate]])
  // A time limit ends the whole block, and a role may lack the language: halves find the query.
  const half = Math.ceil(queries.length / 2)
  const first = await answersOf(connection, queries.slice(0, half), until, tenant)
  return new Map([...first, ...(await answersOf(connection, queries.slice(half), until, tenant))])
}

const answerOf = (text: string | undefined): Answer =>
  text === 'true' || text === 'false' ? text === 'true' : (text ?? '')

async function setTenant(connection: Connection, { settings, value }: TenantValue): Promise<void> {
  const set = settings.map((_, index) => `pg_catalog.set_config($${index + 1}, $${settings.length + 1}, true)`)
  await query(connection, `select ${set.join(', ')}`, [...settings, value])
}

/** `true`, `false` or the SQLSTATE of each query. A block has no parameters and returns nothing: a setting carries both. */
async function inBlock(connection: Connection, queries: readonly NamedQuery[]): Promise<string[]> {
  const texts = queries.map(([, text]) => text)
  const give = `select pg_catalog.set_config('lock_timeout', '200ms', true),
    pg_catalog.set_config('rowhouse.probes', array(select pg_catalog.json_array_elements_text($1::text::json))::text, true)`
  await query(connection, give, [JSON.stringify(texts)])
  await query(connection, block)
  return await firstColumn(
    connection,
    "select pg_catalog.unnest(pg_catalog.current_setting('rowhouse.probes')::text[])",
  )
}

const block = `do $probe$
declare
  texts pg_catalog.text[] := pg_catalog.current_setting('rowhouse.probes');
  answers pg_catalog.text[] := '{}';
  answer pg_catalog.bool;
begin
  for n in 1 .. pg_catalog.cardinality(texts) loop
    begin
      execute texts[n] into answer;
      answers := pg_catalog.array_append(answers, case when answer then 'true' else 'false' end);
    exception when others then -- not query_canceled
      answers := pg_catalog.array_append(answers, sqlstate);
    end;
  end loop;
  perform pg_catalog.set_config('rowhouse.probes', answers::pg_catalog.text, true);
end $probe$`
