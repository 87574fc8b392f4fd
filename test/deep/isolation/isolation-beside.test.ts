import { describe, expect, test } from 'bun:test'
import { tenantColumnType } from '../../tenants.ts'
import { matrixOf, ofTenant, protectedTable } from '../../testing/isolation.ts'

const tenantTable = (name: string, more = '') => `
  create table ${name} (tenant_id ${tenantColumnType} not null default tenancy.current_tenant_id(), title text not null${more})`

describe('other relations of a schema', () => {
  test('reports a view with its owner’s rights, and accepts a security_invoker view', async () => {
    const { violations } = await matrixOf(`
      create view owner_rights as select * from tasks;
      create view invoker_rights with (security_invoker) as select * from tasks;
      grant select, insert, update, delete on owner_rights, invoker_rights to app_user;`)
    expect(violations).toEqual(
      expect.arrayContaining(['public.owner_rights select: foreign 1', 'public.owner_rights select: none 2']),
    )
    expect(violations).toEqual(
      expect.arrayContaining(['public.owner_rights update: foreign 1', 'public.owner_rights delete where: foreign 1']),
    )
    expect(violations.filter((violation) => violation.startsWith('public.invoker_rights'))).toEqual([])
  })

  test('reports a partition that can be read without its parent', async () => {
    const { violations } = await matrixOf(`
      ${tenantTable('events')} partition by hash (tenant_id);
      create table events_all partition of events for values with (modulus 1, remainder 0);
      select tenancy.protect('events');
      grant select on events_all to app_user;`)
    expect(violations).toContain('public.events_all row-level security: foreign off')
    expect(violations).toContain('public.events_all get: foreign 1')
    expect(violations.filter((violation) => !violation.startsWith('public.events_all '))).toEqual([])
  })

  test('reports a materialized view, which has no row-level security', async () => {
    const { violations } = await matrixOf(
      'create materialized view stale as select * from tasks; grant select on stale to app_user',
    )
    expect(violations).toEqual(['public.stale row-level security: foreign off'])
  })

  test('skips a relation without privileges, with a note', async () => {
    const { notes, rows } = await matrixOf(`create table hidden (tenant_id ${tenantColumnType})`)
    expect(notes).toContain('not probed: public.hidden, on which the role has no privilege')
    expect(rows.filter(({ relation }) => relation === 'public.hidden')).toEqual([])
  })

  test('probes a table that the role may only insert into', async () => {
    const policy = (name: string, by: string) => `create policy ${name} on letters for ${by};`
    const letters = (check: string) => `
      ${tenantTable('letters')}; alter table letters enable row level security;
      ${policy('added', `insert with check (${check})`)}
      grant insert on letters to app_user;`
    const good = await matrixOf(letters(ofTenant))
    expect(good.violations).toEqual([])
    expect(good.rows).toContainEqual(
      expect.objectContaining({ operation: 'insert', own: { result: '1', isViolation: false } }),
    )
    const { violations } = await matrixOf(letters('true'))
    expect(violations).toContain('public.letters insert: foreign 1')
  })

  test('probes a table of which the role may read a few columns', async () => {
    const { violations, rows } = await matrixOf(`
      ${protectedTable('secrets', 'secret text not null, label text not null')}
      revoke select on secrets from app_user; grant select (tenant_id, id, label) on secrets to app_user;`)
    expect(violations).toEqual([])
    expect(rows).toContainEqual(
      expect.objectContaining({ operation: 'insert returning', own: { result: '1', isViolation: false } }),
    )
  })

  test('reports a deferred unique key without the tenant', async () => {
    const { violations } = await matrixOf(
      protectedTable('codes', 'code text not null, unique (code) deferrable initially deferred'),
    )
    expect(violations).toEqual(['public.codes same key: foreign 23505'])
  })

  test('accepts a trigger that overwrites the tenant of a statement', async () => {
    const { violations } = await matrixOf(`
      ${protectedTable('stamped', 'title text not null')}
      create function stamp() returns trigger language plpgsql as $$ begin
        new.tenant_id := tenancy.current_tenant_id(); return new; end $$;
      create trigger stamp before insert on stamped for each row execute function stamp();`)
    expect(violations).toEqual([])
  })

  test('notes that a table without rows proved nothing', async () => {
    const { notes } = await matrixOf(`${tenantTable('frozen')}; select tenancy.protect('frozen');
      revoke insert on frozen from app_user;`)
    expect(notes).toContain('nothing proved: no tenant sees a row of public.frozen')
  })

  test('notes rows of a trigger that the role may not delete', async () => {
    const { notes } = await matrixOf(`
      ${protectedTable('noted', 'title text not null')}
      create table notes (tenant_id ${tenantColumnType} not null default tenancy.current_tenant_id(), title text);
      select tenancy.protect('notes');
      revoke insert, update, delete on notes from app_user;
      create function note() returns trigger language plpgsql security definer as $$ begin
        insert into notes (title) values (new.title); return new; end $$;
      create trigger note after insert on noted for each row execute function note();`)
    expect(notes).toContain('left behind: rows of public.notes that could not be deleted')
  })

  test('fills a nullable unique key, so that a key without the tenant is reported', async () => {
    const { violations } = await matrixOf(protectedTable('imports', 'external_number int unique'))
    expect(violations).toEqual(['public.imports same key: foreign 23505'])
  })

  test('finds another value for a unique key on an expression', async () => {
    const { violations } = await matrixOf(`
      ${protectedTable('kinds', `kind text not null check (kind in ('First', 'Second'))`)}
      create unique index kinds_kind_key on kinds (lower(kind));`)
    expect(violations).toEqual(['public.kinds same key: foreign 23505'])
  })

  test('accepts a view that shows the time', async () => {
    const { violations } = await matrixOf(`
      create view aged with (security_invoker) as select tenant_id, clock_timestamp() - created_at as age from users;
      grant select on aged to app_user;`)
    expect(violations).toEqual([])
  })

  test('fills an optional reference when the parent has a row', async () => {
    const { rows } = await matrixOf(`
      ${protectedTable('z_parents', 'title text')}
      ${protectedTable('a_children', 'parent_id uuid, foreign key (tenant_id, parent_id) references z_parents (tenant_id, id)')}
      create view adopted with (security_invoker) as select * from a_children where parent_id is not null;
      grant select on adopted to app_user;`)
    expect(rows).toContainEqual(
      expect.objectContaining({
        relation: 'public.adopted',
        operation: 'select',
        own: { result: '1', isViolation: false },
      }),
    )
  })

  test('notes that a table with a required reference to a table without rows proved nothing', async () => {
    const { violations, notes } = await matrixOf(
      'drop policy tenant_isolation on users; drop policy tenant_restrictive on users',
      {
        except: ['public.tasks'],
      },
    )
    expect(violations).toContain('public.users insert: own refused')
    expect(notes).toContain('nothing proved: no tenant sees a row of public.tasks')
    expect(notes).toContainEqual(expect.stringMatching(/no tenant sees a row of public\.users \(new row violates/))
  })
})
