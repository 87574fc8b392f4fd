import { describe, expect, test } from 'bun:test'
import { matrixOf, ofTenant, walled } from './isolation.ts'

const tenantTable = (name: string, more = '') => `
  create table ${name} (tenant_id uuid not null default tenancy.current_tenant_id(), title text not null${more})`

describe('what else a schema holds', () => {
  test('a view with its owner’s rights is noticed, and one with those of its invoker is fine', async () => {
    const { holes } = await matrixOf(`
      create view lax as select * from tasks;
      create view fine with (security_invoker) as select * from tasks;
      grant select, insert, update, delete on lax, fine to app_user;`)
    expect(holes).toEqual(expect.arrayContaining(['public.lax select: foreign 1', 'public.lax select: none 2']))
    expect(holes).toEqual(
      expect.arrayContaining(['public.lax update: foreign 1', 'public.lax delete where: foreign 1']),
    )
    expect(holes.filter((hole) => hole.startsWith('public.fine'))).toEqual([])
  })

  test('a partition that can be read past its parent is noticed', async () => {
    const { holes } = await matrixOf(`
      ${tenantTable('events')} partition by hash (tenant_id);
      create table events_all partition of events for values with (modulus 1, remainder 0);
      select tenancy.protect('events');
      grant select on events_all to app_user;`)
    expect(holes).toContain('public.events_all row security: foreign off')
    expect(holes).toContain('public.events_all get: foreign 1')
    expect(holes.filter((hole) => !hole.startsWith('public.events_all '))).toEqual([])
  })

  test('a materialized view is noticed, since row security cannot bind it', async () => {
    const { holes } = await matrixOf(
      'create materialized view stale as select * from tasks; grant select on stale to app_user',
    )
    expect(holes).toEqual(['public.stale row security: foreign off'])
  })

  test('a relation that the role cannot reach is left out, and said so', async () => {
    const { notes, rows } = await matrixOf('create table hidden (tenant_id uuid)')
    expect(notes).toContain('not probed: public.hidden, which the role cannot reach')
    expect(rows.filter(({ relation }) => relation === 'public.hidden')).toEqual([])
  })

  test('a table that the role may only write to is probed without reading', async () => {
    const policy = (name: string, by: string) => `create policy ${name} on letters for ${by};`
    const letters = (check: string) => `
      ${tenantTable('letters')}; alter table letters enable row level security;
      ${policy('added', `insert with check (${check})`)}
      grant insert on letters to app_user;`
    const good = await matrixOf(letters(ofTenant))
    expect(good.holes).toEqual([])
    expect(good.rows).toContainEqual(
      expect.objectContaining({ operation: 'insert', own: { result: '1', isBroken: false } }),
    )
    const { holes } = await matrixOf(letters('true'))
    expect(holes).toContain('public.letters insert: foreign 1')
  })

  test('a table of which the role may read a few columns only is probed as far as it goes', async () => {
    const { holes, rows } = await matrixOf(`
      ${walled('secrets', 'secret text not null, label text not null')}
      revoke select on secrets from app_user; grant select (tenant_id, id, label) on secrets to app_user;`)
    expect(holes).toEqual([])
    expect(rows).toContainEqual(
      expect.objectContaining({ operation: 'insert returning', own: { result: '1', isBroken: false } }),
    )
  })

  test('a key that is checked at the end only is seen through', async () => {
    const { holes } = await matrixOf(walled('codes', 'code text not null, unique (code) deferrable initially deferred'))
    expect(holes).toEqual(['public.codes same key: foreign 23505'])
  })

  test('a trigger that writes the tenant, whatever a statement names, is no hole', async () => {
    const { holes } = await matrixOf(`
      ${walled('stamped', 'title text not null')}
      create function stamp() returns trigger language plpgsql as $$ begin
        new.tenant_id := tenancy.current_tenant_id(); return new; end $$;
      create trigger stamp before insert on stamped for each row execute function stamp();`)
    expect(holes).toEqual([])
  })

  test('a table into which nothing can be put is said to have proved nothing', async () => {
    const { notes } = await matrixOf(`${tenantTable('frozen')}; select tenancy.protect('frozen');
      revoke insert on frozen from app_user;`)
    expect(notes).toContain('nothing to see: public.frozen has no row that a tenant sees')
  })

  test('what a trigger writes and nobody may delete is said to be left behind', async () => {
    const { notes } = await matrixOf(`
      ${walled('noted', 'title text not null')}
      create table notes (tenant_id uuid not null default tenancy.current_tenant_id(), title text);
      select tenancy.protect('notes');
      revoke insert, update, delete on notes from app_user;
      create function note() returns trigger language plpgsql security definer as $$ begin
        insert into notes (title) values (new.title); return new; end $$;
      create trigger note after insert on noted for each row execute function note();`)
    expect(notes).toContain('left behind: what was written to public.notes could not be deleted')
  })

  test('a key that may be empty is filled, so that what it lets through is seen', async () => {
    const { holes } = await matrixOf(walled('imports', 'external_number int unique'))
    expect(holes).toEqual(['public.imports same key: foreign 23505'])
  })

  test('a key on an expression is met with another value', async () => {
    const { holes } = await matrixOf(`
      ${walled('kinds', `kind text not null check (kind in ('First', 'Second'))`)}
      create unique index kinds_lax on kinds (lower(kind));`)
    expect(holes).toEqual(['public.kinds same key: foreign 23505'])
  })

  test('a view that shows the time is no change of a row', async () => {
    const { holes } = await matrixOf(`
      create view aged with (security_invoker) as select tenant_id, clock_timestamp() - created_at as age from users;
      grant select on aged to app_user;`)
    expect(holes).toEqual([])
  })

  test('a reference that may be empty is filled where there is something to refer to', async () => {
    const { rows } = await matrixOf(`
      ${walled('z_parents', 'title text')}
      ${walled('a_children', 'parent_id uuid, foreign key (tenant_id, parent_id) references z_parents (tenant_id, id)')}
      create view adopted with (security_invoker) as select * from a_children where parent_id is not null;
      grant select on adopted to app_user;`)
    expect(rows).toContainEqual(
      expect.objectContaining({
        relation: 'public.adopted',
        operation: 'select',
        own: { result: '1', isBroken: false },
      }),
    )
  })

  test('a table that must refer to one that lets nothing in is said to have proved nothing', async () => {
    const { holes, notes } = await matrixOf(
      'drop policy tenant_isolation on users; drop policy tenant_restrictive on users',
      {
        except: ['public.tasks'],
      },
    )
    expect(holes).toContain('public.users insert: own refused')
    expect(notes).toContain('nothing to see: public.tasks has no row that a tenant sees')
    expect(notes).toContainEqual(
      expect.stringMatching(/public\.users has no row that a tenant sees \(new row violates/),
    )
  })
})
