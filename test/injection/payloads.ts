import type { TenantId } from '../../src/context/index.ts'
import type { TenantSigner } from '../../src/database/index.ts'

/** SQL that the tenant `own` injects into a query to read the rows of `other`. */
export interface Payload {
  name: string
  text: string
  /** Whether it reads them when the tenant context is not signed. */
  worksUnsigned: boolean
}

interface Target {
  other: TenantId
  /** Signs with the right key, two minutes ago. */
  expired: TenantSigner
  /** Signs with a key that the database does not have. */
  wrong: TenantSigner
}

const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`
const become = (value: string, isLocal = true): string => `set_config('app.current_tenant', ${value}, ${isLocal})`
/** Adds rows to the injected query, whose second column is text. */
const union = (select: string): string => `' union all ${select} --`
/** Some functions of PostgreSQL's core run their own query, whose policies read the tenant again. */
const nested = (query: string): string => `select word from ts_stat(${literal(query)})`
const titles = nested('select to_tsvector(title) from tasks')
const afterwards = (set: string, query = titles): string =>
  union(`select gen_random_uuid(), (select string_agg(word, ' ') from (${query}) as found) || ${set}`)
/** Runs the set_config first, as an argument of coalesce() that is null. */
const first = (set: string, query = titles): string =>
  union(
    `select gen_random_uuid(), coalesce(nullif(${set}, ${set}), (select string_agg(word, ' ') from (${query}) as found))`,
  )

const ownTenant = `select current_setting('app.current_tenant') as own offset 0`

/** The payloads, for a query \`select id, title from tasks where title = '…'\`. */
export function payloads({ other, expired, wrong }: Target): Payload[] {
  const plain = literal(other)
  const set = become(plain)
  /** Sets the tenant back: the guard behind the statement sees no change. */
  const there = (query: string): string =>
    union(
      `select gen_random_uuid(), concat(left(${set}, 0), ${query}, left(${become('own')}, 0)) from (${ownTenant}) as before`,
    )
  const works = (name: string, text: string): Payload => ({ name, text, worksUnsigned: true })
  const fails = (name: string, text: string): Payload => ({ name, text, worksUnsigned: false })
  return [
    fails('set_config in the condition', `' or ${set} is not null --`),
    fails(
      'set_config in a sub-select before another scan',
      union(`select id, title from tasks where (select ${set}) is not null`),
    ),
    fails(
      'set_config in a CTE',
      union(
        `(with s as materialized (select ${set} as s) select t.id, t.title from s, lateral (select * from tasks where s is not null) t)`,
      ),
    ),
    fails('a query within the query', first(set)),
    fails(
      'query_to_xml',
      union(
        `select gen_random_uuid(), coalesce(nullif(${set}, ${set}), query_to_xml('select title from tasks', true, true, '')::text)`,
      ),
    ),
    fails(
      'table_to_xml',
      union(`select gen_random_uuid(), coalesce(nullif(${set}, ${set}), table_to_xml('tasks', true, true, '')::text)`),
    ),
    fails(
      'a set_config that runs in the inner query',
      afterwards(`''`, nested(`select to_tsvector(${set}) union all select to_tsvector(title) from tasks`)),
    ),
    fails('a set_config with a sub-select as value', first(become(`(select ${plain})`))),
    works(
      'a query between two changes of the tenant',
      there(`(select string_agg(word, ' ') from (${titles}) as found)`),
    ),
    works('query_to_xml between two changes', there(`query_to_xml('select title from tasks', true, true, '')::text`)),
    works('table_to_xml between two changes', there(`table_to_xml('tasks', true, true, '')::text`)),
    fails('a stacked statement', `'; select ${set}; select id, title from tasks; --`),
    fails('another transaction', `'; commit; begin; select ${set}; select id, title from tasks; --`),
    fails('the role of the owner', first(`set_config('role', 'postgres', true)`)),
    fails('another login', first(`set_config('session_authorization', 'postgres', true)`)),
    fails('row security off', first(`set_config('row_security', 'off', true)`)),
    fails('a search_path with another function', first(`set_config('search_path', 'pg_temp, public', true)`)),
    fails('the key', union('select gen_random_uuid(), inner_key::text from tenancy.signing_keys')),
    fails(
      'the key in the source of the function',
      union("select gen_random_uuid(), prosrc from pg_proc where proname = 'current_tenant_id'"),
    ),
    fails('the queries of other sessions', union('select gen_random_uuid(), query from pg_stat_activity')),
    fails('a file of the server', union("select gen_random_uuid(), pg_read_file('postgresql.auto.conf')")),
    fails('an expired signed context', first(become(literal(expired(other))))),
    fails(
      'an expired signed context with another expiry',
      first(become(literal(expired(other).replace(/\.\d{10}\./, '.9999999999.')))),
    ),
    fails('a context signed with another key', first(become(literal(wrong(other))))),
    fails(
      'the own signed context with another tenant in it',
      first(become(`overlay(current_setting('app.current_tenant') placing ${plain} from 1)`)),
    ),
    fails(
      'the other tenant before the own signed context',
      first(become(`${plain} || current_setting('app.current_tenant')`)),
    ),
    fails(
      'a context with a made-up signature',
      first(become(literal(`${other}.9999999999.00000000.${'0'.repeat(64)}`))),
    ),
    fails('an empty context', first(become(`''`))),
  ]
}
