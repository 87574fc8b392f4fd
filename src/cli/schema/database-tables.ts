import { type Connection, query } from '../../database/index.ts'

/** A table of the catalogue, as texts to compare. */
export interface DatabaseTable {
  schema: string
  name: string
  /** The type of each column, with "not null", by name. */
  columns: Record<string, string>
  primaryKeys: string[]
  uniqueKeys: string[]
  foreignKeys: Reference[]
  policies: string[]
}

/** A foreign key. `onDelete` and `onUpdate` are letters of pg_constraint (PostgreSQL, chapter 51.13). */
export interface Reference {
  columns: string[]
  schema: string
  name: string
  foreignColumns: string[]
  onDelete: string
  onUpdate: string
}

/** Reads all tables except those of the system, of extensions, of this kit and of Drizzle, and except partitions. */
export async function readTables(connection: Connection): Promise<DatabaseTable[]> {
  await query(connection, 'set local search_path = pg_catalog') // types are printed with their schema
  const rows = await query(connection, tablesQuery)
  return rows as unknown as DatabaseTable[] // the columns of the query
}

const tablesQuery = `
select n.nspname as schema, c.relname as name,
  coalesce((
    select json_object_agg(a.attname,
      format_type(a.atttypid, a.atttypmod) || case when a.attnotnull then ' not null' else '' end)
    from pg_attribute a where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped), '{}') as columns,
  ${keys('i.indisprimary')} as "primaryKeys",
  ${keys('i.indisunique and not i.indisprimary')} as "uniqueKeys",
  coalesce((
    select json_agg(json_build_object(
      'columns', ${columnNames('f.conrelid', 'f.conkey')},
      'schema', parent_schema.nspname,
      'name', parent.relname,
      'foreignColumns', ${columnNames('f.confrelid', 'f.confkey')},
      'onDelete', f.confdeltype,
      'onUpdate', f.confupdtype))
    from pg_constraint f
    join pg_class parent on parent.oid = f.confrelid
    join pg_namespace parent_schema on parent_schema.oid = parent.relnamespace
    where f.conrelid = c.oid and f.contype = 'f'), '[]') as "foreignKeys",
  coalesce((
    select json_agg(concat_ws(' ', p.polname, case when p.polpermissive then 'permissive' else 'restrictive' end,
      case p.polcmd when 'r' then 'select' when 'a' then 'insert' when 'w' then 'update' when 'd' then 'delete'
        else 'all' end,
      'using ' || pg_get_expr(p.polqual, p.polrelid), 'with check ' || pg_get_expr(p.polwithcheck, p.polrelid)))
    from pg_policy p where p.polrelid = c.oid), '[]') as policies
from pg_class c
join pg_namespace n on n.oid = c.relnamespace
where c.relkind in ('r', 'p') and not c.relispartition
  and n.nspname !~ '^pg_' and n.nspname not in ('information_schema', 'drizzle', 'tenancy')
  and not exists (select from pg_depend d where d.objid = c.oid and d.deptype = 'e')`

function keys(condition: string): string {
  return `coalesce((
    select json_agg(
      (select '(' || string_agg(pg_get_indexdef(i.indexrelid, n, true), ', ' order by n) || ')'
        from generate_series(1, i.indnkeyatts::int) as n)
      || case when to_jsonb(i) ->> 'indnullsnotdistinct' = 'true' then ' nulls not distinct' else '' end
      || coalesce(' where ' || pg_get_expr(i.indpred, i.indrelid), ''))
    from pg_index i where i.indrelid = c.oid and ${condition}), '[]')`
}

function columnNames(relation: string, numbers: string): string {
  return `(select json_agg(a.attname order by place)
        from unnest(${numbers}) with ordinality as k (number, place)
        join pg_attribute a on a.attrelid = ${relation} and a.attnum = k.number)`
}
