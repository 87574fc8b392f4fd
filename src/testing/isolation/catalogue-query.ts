import { type SQL, sql } from 'drizzle-orm'

/**
 * Every relation with the tenant column, in every schema, as one JSON document `relation` a row, with the privileges of the
 * current role.
 */
export const relationsQuery = (tenantColumn: string): SQL => sql`
with names as (
  select c.oid, c.relkind, c.relispartition, c.relname, n.nspname, format('%I.%I', n.nspname, c.relname) as label
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where c.relkind in ('r', 'p', 'v', 'm', 'f') and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
    -- What the database itself writes, and this role at most reads: the isolation check judges its policies and its privileges.
    and (n.nspname <> 'tenancy' or has_table_privilege(c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE')
      or has_any_column_privilege(c.oid, 'INSERT, UPDATE'))
), attributes as (
  select * from pg_attribute where attnum > 0 and not attisdropped
)
select jsonb_build_object(
  'label', r.label, 'schema', r.nspname, 'name', r.relname, 'kind', r.relkind, 'isPartition', r.relispartition,
  'isBound', r.relkind in ('r', 'p') and row_security_active(r.oid),
  'isReachable', has_schema_privilege(r.nspname, 'USAGE') and (
    has_table_privilege(r.oid, 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE')
    or has_any_column_privilege(r.oid, 'SELECT, INSERT, UPDATE')),
  'mayDelete', has_table_privilege(r.oid, 'DELETE'),
  'columns', (
    select jsonb_agg(jsonb_build_object(
      'name', a.attname, 'type', a.atttypid::bigint, 'modifier', a.atttypmod, 'isNotNull', a.attnotnull,
      'hasDefault', a.atthasdef and a.attgenerated = '', 'isGenerated', a.attgenerated <> '', 'identity', a.attidentity,
      'maySelect', has_column_privilege(r.oid, a.attnum, 'SELECT'),
      'mayInsert', has_column_privilege(r.oid, a.attnum, 'INSERT'),
      'mayUpdate', has_column_privilege(r.oid, a.attnum, 'UPDATE')) order by a.attnum)
    from attributes a where a.attrelid = r.oid),
  'keys', coalesce((
    select jsonb_agg(jsonb_build_object(
      'name', index.relname, 'isPrimary', i.indisprimary, 'isDeferrable', not i.indimmediate,
      -- pg_depend lists the columns inside an index expression.
      'columns', (
        select coalesce(jsonb_agg(a.attname order by a.attnum), '[]') from attributes a
        where a.attrelid = r.oid and (a.attnum = any (i.indkey::int2[]) or exists (
          select from pg_depend d
          where d.classid = 'pg_class'::regclass and d.objid = i.indexrelid and d.refobjid = r.oid
            and d.refobjsubid = a.attnum))))
      order by i.indisprimary desc, i.indexrelid)
    from pg_index i join pg_class index on index.oid = i.indexrelid
    where i.indrelid = r.oid and (i.indisunique or i.indisexclusion) and i.indisvalid), '[]'),
  'checks', coalesce((
    select jsonb_agg(jsonb_build_object('name', k.conname, 'definition', pg_get_constraintdef(k.oid), 'columns', (
      select coalesce(jsonb_agg(a.attname), '[]') from attributes a
      where a.attrelid = r.oid and a.attnum = any (k.conkey))) order by k.conname)
    from pg_constraint k where k.conrelid = r.oid and k.contype = 'c'), '[]')
  -- PostgreSQL refuses a row without a partition like a check constraint without a name.
  || coalesce((
    select jsonb_build_array(jsonb_build_object(
      'name', '', 'definition', (
        select coalesce(string_agg(pg_get_expr(part.relpartbound, part.oid), ' '), '')
        from pg_partition_tree(r.oid) tree join pg_class part on part.oid = tree.relid),
      'columns', (
        select coalesce(jsonb_agg(distinct a.attname), '[]')
        from pg_partition_tree(r.oid) tree
        join pg_partitioned_table p on p.partrelid = tree.relid
        join attributes a on a.attrelid = tree.relid and a.attnum = any (p.partattrs::int2[]))))
    where r.relkind = 'p'), '[]'),
  'references', coalesce((
    select jsonb_agg(jsonb_build_object(
      'name', k.conname, 'parent', parent.label, 'parentSchema', parent.nspname, 'parentName', parent.relname,
      'isDeferrable', k.condeferrable, 'columns', (
        select jsonb_agg(jsonb_build_array(child_column.attname, parent_column.attname))
        from unnest(k.conkey, k.confkey) as pair (child, parent)
        join attributes child_column on child_column.attrelid = k.conrelid and child_column.attnum = pair.child
        join attributes parent_column on parent_column.attrelid = k.confrelid and parent_column.attnum = pair.parent))
      order by k.conname)
    from pg_constraint k join names parent on parent.oid = k.confrelid
    where k.conrelid = r.oid and k.contype = 'f' and k.conparentid = 0), '[]')) as relation
from names r
where exists (select from attributes a where a.attrelid = r.oid and a.attname = ${tenantColumn}::text)
order by r.label`

/** Every type of a column of such relations, with its base, element and range types, one `type` a row. */
export const typesQuery = (tenantColumn: string): SQL => sql`
with recursive used (oid) as (
  select a.atttypid from pg_attribute a
  where a.attnum > 0 and not a.attisdropped and a.attrelid in (
    select attrelid from pg_attribute where attname = ${tenantColumn}::text and not attisdropped)
  union
  select part.oid from used join pg_type t on t.oid = used.oid, lateral (
    select t.typbasetype where t.typtype = 'd'
    union all select t.typelem where t.typcategory = 'A'
    union all select g.rngsubtype from pg_range g where t.oid in (g.rngtypid, g.rngmultitypid)) as part (oid)
  where part.oid <> 0
)
select jsonb_build_object(
  'oid', t.oid::bigint, 'name', t.typname, 'kind', t.typtype, 'category', t.typcategory,
  'base', t.typbasetype::bigint, 'modifier', t.typtypmod, 'isNotNull', t.typnotnull, 'element', t.typelem::bigint,
  'subtype', coalesce((
    select g.rngsubtype from pg_range g where t.oid in (g.rngtypid, g.rngmultitypid)), 0)::bigint,
  'labels', coalesce((
    select jsonb_agg(e.enumlabel order by e.enumsortorder) from pg_enum e where e.enumtypid = t.oid), '[]'),
  'checks', coalesce((
    select jsonb_agg(jsonb_build_object('name', k.conname, 'definition', pg_get_constraintdef(k.oid)))
    from pg_constraint k where k.contypid = t.oid and k.contype = 'c'), '[]')) as type
from used join pg_type t on t.oid = used.oid`
