import { parameters } from '../catalogue.ts'
import type { CatalogueCheck } from '../finding.ts'

/** The statement that puts the tenant before the other columns of a B-tree `i` of a table `t`; null where it is in it. */
const indexMended = `(
  select case when con.oid is null
    then format('drop index %s; %s;', i.indexrelid::regclass,
      regexp_replace(replace(pg_get_indexdef(i.indexrelid), ' ON ONLY ', ' ON '), 'USING btree \\(', format('USING btree (%s, ', t.tenant_name)))
    else format('alter table %s drop constraint %I, add constraint %I %s;', t.name, con.conname, con.conname,
      regexp_replace(pg_get_constraintdef(con.oid), '\\(', format('(%s, ', t.tenant_name))) end
  from pg_class c join pg_am on pg_am.oid = c.relam and pg_am.amname = 'btree'
  left join pg_constraint con on con.conindid = c.oid and con.contype in ('p', 'u')
  where c.oid = i.indexrelid and t.tenant <> all (i.indkey)
    -- What foreign keys rest on cannot be changed before they are.
    and not exists (select from pg_constraint f where f.contype = 'f' and f.conindid = i.indexrelid))`

/** The names of a key's columns, in their order. */
const columns = (relation: string, numbers: string): string => `(
  select string_agg(quote_ident(attname), ', ' order by n) from unnest(${numbers}) with ordinality as k (num, n)
  join pg_attribute on attrelid = ${relation} and attnum = k.num)`

/** An index `i` that came with the one of its parent is mended there. */
const isOfPartition = '(select relispartition from pg_class where oid = i.indexrelid)'

/** Guarantee G13: keys and indexes begin with the tenant, and references carry it. */
export const keyChecks: CatalogueCheck[] = [
  {
    check: 'key-without-tenant',
    guarantee: 13,
    level: 'error',
    should: 'Every unique and exclusion key of a table of tenants begins with the tenant.',
    find: `
      select t.name, format('%s does not begin with %s', i.indexrelid::regclass, t.tenant_name),
        coalesce(${indexMended}, 'It sees rows that policies hide: mend the foreign keys that rest on it, then begin it with the tenant column.')
      from tables t join pg_index i on i.indrelid = t.oid
      where (i.indisunique or i.indisexclusion) and not ${isOfPartition} and (i.indkey[0] <> t.tenant or exists (
        -- Kept apart by its tenant is what an exclusion compares with the equality of the tenant, first.
        select from pg_constraint con join pg_operator o on o.oid = con.conexclop[1]
        where con.conindid = i.indexrelid and con.contype = 'x' and o.oprname <> '='))`,
  },
  {
    check: 'index-without-tenant',
    guarantee: 13,
    level: 'warning',
    should: 'Every index of a table of tenants begins with the tenant.',
    find: `
      select t.name, format('%s does not begin with %s', i.indexrelid::regclass, t.tenant_name),
        coalesce(${indexMended}, 'Under row security an index serves a query when it begins with the tenant column.')
      from tables t join pg_index i on i.indrelid = t.oid
      where i.indkey[0] <> t.tenant and not (i.indisunique or i.indisexclusion) and not ${isOfPartition}`,
  },
  {
    check: 'no-tenant-index',
    guarantee: 13,
    level: 'warning',
    should: 'Some index of every table of tenants begins with the tenant.',
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
    should: 'Every foreign key to a table of tenants pairs the tenant columns of both.',
    find: `
      select con.conrelid::regclass::text, format('foreign key %I leaves the tenant out', con.conname),
        case when child.tenant is null or child.tenant = any (con.conkey)
          then 'Foreign keys are checked without row security: pair the tenant columns of both tables in the key.'
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
                'ON DELETE SET (NULL|DEFAULT)$', format('ON DELETE SET \\1 (%s)', ${columns('child.oid', 'con.conkey')})))) end
      from pg_constraint con
      join tables parent on parent.oid = con.confrelid
      left join tables child on child.oid = con.conrelid
      where con.contype = 'f' and not exists (
        select from unnest(con.conkey, con.confkey) as pair (child_column, parent_column)
        where pair.child_column = child.tenant and pair.parent_column = parent.tenant)`,
  },
  {
    check: 'foreign-key-resets-tenant',
    guarantee: 13,
    level: 'error',
    should: 'No foreign key can null or reset the tenant when its parent is deleted.',
    find: `
      select t.name, format('foreign key %I could null or reset the tenant', con.conname),
        format('alter table %s drop constraint %I, add constraint %I %s;', t.name, con.conname, con.conname,
          regexp_replace(pg_get_constraintdef(con.oid), 'ON DELETE SET (NULL|DEFAULT)( \\([^)]*\\))?',
            coalesce('ON DELETE SET \\1 (' || ${columns('t.oid', 'array_remove(con.conkey, t.tenant)')} || ')',
              'ON DELETE NO ACTION')))
      from tables t join pg_constraint con on con.conrelid = t.oid and con.contype = 'f' and t.tenant = any (con.conkey)
      where con.confdeltype in ('n', 'd')
        and coalesce(nullif(to_jsonb(con) -> 'confdelsetcols', 'null') @> to_jsonb(t.tenant), true)`,
  },
  {
    check: 'foreign-key-not-enforced',
    guarantee: 13,
    level: 'error',
    should: 'Every foreign key between tables of tenants is enforced.',
    find: `
      select distinct t.name, format('foreign key %I is not enforced', con.conname),
        case when to_jsonb(con) ->> 'conenforced' = 'false'
          then format('alter table %s alter constraint %I enforced;', t.name, con.conname)
          else format('alter table %s enable trigger all;', t.name) end
      from tables t join pg_constraint con on con.conrelid = t.oid and con.contype = 'f'
      join tables parent on parent.oid = con.confrelid
      left join pg_trigger g on g.tgconstraint = con.oid
      where g.tgenabled in ('D', 'R') or to_jsonb(con) ->> 'conenforced' = 'false'`,
  },
  {
    check: 'foreign-key-not-validated',
    guarantee: 13,
    level: 'warning',
    should: 'Every foreign key between tables of tenants was checked against the rows that were there.',
    find: `
      select t.name, format('foreign key %I was never checked against older rows', con.conname),
        format('alter table %s validate constraint %I;', t.name, con.conname)
      from tables t join pg_constraint con on con.conrelid = t.oid and con.contype = 'f' and not con.convalidated
      join tables parent on parent.oid = con.confrelid
      where to_jsonb(con) ->> 'conenforced' is distinct from 'false'`,
  },
  {
    check: 'foreign-key-cascade',
    guarantee: 2,
    level: 'error',
    should: 'Nothing that the serving role deletes or updates elsewhere cascades into a table of tenants.',
    find: `
      select t.name, format('foreign key %I lets a change of %s reach every tenant''s rows', con.conname, r.name),
        format('revoke delete, update on %s from public, %I;', r.name, rolname)
      from bound, tables t join pg_constraint con on con.conrelid = t.oid and con.contype = 'f'
      join relations r on r.oid = con.confrelid and r.tenant is null
      where (con.confdeltype in ('c', 'n', 'd') and has_table_privilege(${parameters.role}, r.oid, 'DELETE'))
        or (con.confupdtype in ('c', 'n', 'd') and has_any_column_privilege(${parameters.role}, r.oid, 'UPDATE'))`,
  },
]
