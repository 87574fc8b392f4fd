import type { CatalogueCheck } from '../finding.ts'
import { aclOf, parameters, revoke } from '../tables-query.ts'

/** A text as the replacement of regexp_replace(), which reads a backslash as the start of a reference. */
const replacement = (text: string): string => `replace(${text}, '\\', '\\\\')`

/** The statement that puts the tenant column first in a B-tree `i` of a table `t`; null when the column is in it already. */
const fixIndex = `(
  select case when con.oid is null
    then format('drop index %s; %s;', i.indexrelid::regclass,
      regexp_replace(replace(pg_get_indexdef(i.indexrelid), ' ON ONLY ', ' ON '), 'USING btree \\(', 'USING btree (' || ${replacement('t.tenant_name')} || ', '))
    else format('alter table %s drop constraint %I, add constraint %I %s;', t.name, con.conname, con.conname,
      regexp_replace(pg_get_constraintdef(con.oid), '\\(', '(' || ${replacement('t.tenant_name')} || ', ')) end
  from pg_class c join pg_am on pg_am.oid = c.relam and pg_am.amname = 'btree'
  left join pg_constraint con on con.conindid = c.oid and con.contype in ('p', 'u')
  where c.oid = i.indexrelid and t.tenant <> all (i.indkey)
    -- A key that foreign keys reference cannot change before they do.
    and not exists (select from pg_constraint f where f.contype = 'f' and f.conindid = i.indexrelid))`

/** The names of a key's columns, in order. */
const columns = (relation: string, numbers: string): string => `(
  select string_agg(quote_ident(attname), ', ' order by n) from unnest(${numbers}) with ordinality as k (num, n)
  join pg_attribute on attrelid = ${relation} and attnum = k.num)`

/** An index `i` of a partition is fixed on the partitioned table. */
const isOfPartition = '(select relispartition from pg_class where oid = i.indexrelid)'

/** Guarantee G13: keys and indexes begin with the tenant column, and foreign keys include it. */
export const keyChecks: CatalogueCheck[] = [
  {
    check: 'key-without-tenant',
    guarantee: 13,
    level: 'error',
    elsewhere: 'warning',
    should: 'Every unique and exclusion key of a tenant table begins with the tenant column.',
    find: `
      select t.name, format('%s does not begin with %s', i.indexrelid::regclass, t.tenant_name),
        coalesce(${fixIndex}, 'Change the foreign keys that reference this key first, then begin the key with the tenant column.')
      from tables t join pg_index i on i.indrelid = t.oid
      where (i.indisunique or i.indisexclusion) and not ${isOfPartition} and (i.indkey[0] <> t.tenant or exists (
        -- An exclusion constraint separates tenants only when it compares the tenant column with = first.
        select from pg_constraint con join pg_operator o on o.oid = con.conexclop[1]
        where con.conindid = i.indexrelid and con.contype = 'x' and o.oprname <> '='))`,
  },
  {
    check: 'index-without-tenant',
    guarantee: 13,
    level: 'warning',
    should: 'Every index of a tenant table begins with the tenant column, except on the tables of the recorder.',
    find: `
      select t.name, format('%s does not begin with %s', i.indexrelid::regclass, t.tenant_name),
        coalesce(${fixIndex}, 'Begin the index with the tenant column: policies compare that column in every query.')
      from tables t join pg_index i on i.indrelid = t.oid
      where i.indkey[0] <> t.tenant and not t.recorded and not (i.indisunique or i.indisexclusion) and not ${isOfPartition}`,
  },
  {
    check: 'no-tenant-index',
    guarantee: 13,
    level: 'warning',
    should: 'Every tenant table has an index that begins with the tenant column.',
    find: `
      select t.name, format('no index begins with %s: every query reads every tenant''s rows', t.tenant_name),
        format('create index on %s (%s);', t.name, t.tenant_name)
      from tables t
      where not exists (select from pg_index i where i.indrelid = t.oid and i.indkey[0] = t.tenant)`,
  },
  {
    check: 'foreign-key-without-tenant',
    guarantee: 13,
    level: 'error',
    elsewhere: 'warning',
    should: 'Every foreign key to a tenant table pairs the tenant columns of both tables.',
    find: `
      select con.conrelid::regclass::text, format('foreign key %I leaves the tenant out', con.conname),
        case when child.tenant is null or child.tenant = any (con.conkey) or child.atttypid <> parent.atttypid
          then 'Pair the tenant columns of both tables in the key: PostgreSQL checks foreign keys without row-level security.'
          else concat(
            case when not exists (
              select from pg_index k where k.indrelid = parent.oid and k.indisunique and k.indpred is null
                and k.indkey::int2[] = parent.tenant || con.confkey)
            then format('alter table %s add unique (%s, %s); ', parent.name, parent.tenant_name,
              ${columns('parent.oid', 'con.confkey')}) end,
            format('alter table %s drop constraint %I, add constraint %I foreign key (%s, %s) references %s (%s, %s)%s;',
              child.name, con.conname, con.conname, child.tenant_name, ${columns('child.oid', 'con.conkey')},
              parent.name, parent.tenant_name, ${columns('parent.oid', 'con.confkey')},
              regexp_replace(substring(pg_get_constraintdef(con.oid) from '\\)( (?:ON|MATCH|DEFERR|NOT).*)$'),
                'ON DELETE SET (NULL|DEFAULT)(?! \\()', 'ON DELETE SET \\1 (' || ${replacement(columns('child.oid', 'con.conkey'))} || ')'))) end
      from pg_constraint con
      join tables parent on parent.oid = con.confrelid
      left join tables child on child.oid = con.conrelid
      where con.contype = 'f' and con.conparentid = 0 and not exists (
        select from unnest(con.conkey, con.confkey) as pair (child_column, parent_column)
        where pair.child_column = child.tenant and pair.parent_column = parent.tenant)`,
  },
  {
    check: 'foreign-key-resets-tenant',
    guarantee: 13,
    level: 'error',
    elsewhere: 'warning',
    should: 'No foreign key sets the tenant column to null or to its default when the parent row is deleted.',
    find: `
      select t.name, format('foreign key %I can set the tenant column to null or to its default', con.conname),
        format('alter table %s drop constraint %I, add constraint %I %s;', t.name, con.conname, con.conname,
          regexp_replace(pg_get_constraintdef(con.oid), 'ON DELETE SET (NULL|DEFAULT)( \\([^)]*\\))?',
            coalesce('ON DELETE SET \\1 (' || ${replacement(columns('t.oid', 'array_remove(con.conkey, t.tenant)'))} || ')',
              'ON DELETE NO ACTION')))
      from tables t join pg_constraint con on con.conrelid = t.oid and con.contype = 'f' and t.tenant = any (con.conkey)
      where con.confdeltype in ('n', 'd') and con.conparentid = 0
        and coalesce(nullif(to_jsonb(con) -> 'confdelsetcols', 'null') @> to_jsonb(t.tenant), true)`,
  },
  {
    check: 'foreign-key-not-enforced',
    guarantee: 13,
    level: 'error',
    elsewhere: 'warning',
    should: 'Every foreign key between tenant tables is enforced.',
    find: `
      select distinct t.name, format('foreign key %I is not enforced', con.conname),
        case when to_jsonb(con) ->> 'conenforced' = 'false'
          then format('alter table %s alter constraint %I enforced;', t.name, con.conname)
          else format('alter table %s enable trigger all;', t.name) end
      from tables t join pg_constraint con on con.conrelid = t.oid and con.contype = 'f'
      join tables parent on parent.oid = con.confrelid
      left join pg_trigger g on g.tgconstraint = con.oid
      where g.tgenabled in ('D', 'R') or (to_jsonb(con) ->> 'conenforced' = 'false' and con.conparentid = 0)`,
  },
  {
    check: 'foreign-key-not-validated',
    guarantee: 13,
    level: 'warning',
    should: 'PostgreSQL has checked the existing rows of every foreign key between tenant tables.',
    find: `
      select t.name, format('foreign key %I is NOT VALID: PostgreSQL has not checked the existing rows', con.conname),
        format('alter table %s validate constraint %I;', t.name, con.conname)
      from tables t join pg_constraint con on con.conrelid = t.oid and con.contype = 'f' and not con.convalidated
      join tables parent on parent.oid = con.confrelid
      where to_jsonb(con) ->> 'conenforced' is distinct from 'false' and con.conparentid = 0`,
  },
  {
    check: 'foreign-key-cascade',
    guarantee: 2,
    level: 'error',
    should: 'No delete or update of the serving role cascades from another table into a tenant table.',
    find: `
      select t.name, format('foreign key %I cascades a change of %s to the rows of every tenant', con.conname, r.name),
        ${revoke("format('revoke delete, update on %s', r.name)", aclOf('r'))}
      from bound, tables t join pg_constraint con on con.conrelid = t.oid and con.contype = 'f'
      join relations r on r.oid = con.confrelid and r.tenant is null
      where (con.confdeltype in ('c', 'n', 'd') and has_table_privilege(${parameters.role}, r.oid, 'DELETE'))
        or (con.confupdtype in ('c', 'n', 'd') and has_any_column_privilege(${parameters.role}, r.oid, 'UPDATE'))`,
  },
]
