import { describe, expect, test } from 'bun:test'
import { tenantColumnType } from '../tenants.ts'
import { matrixOf, protectedTable } from './isolation.ts'

const everyType = [
  'bigint_c bigint',
  'bigint_list bigint[]',
  'bit_c bit(5)',
  'boolean_c boolean',
  'box_c box',
  'bytea_c bytea',
  'char_c char(1)',
  'char5_c char(5)',
  'cidr_c cidr',
  'circle_c circle',
  'date_c date',
  'date_range daterange',
  'double_c double precision',
  'inet_c inet',
  'integer_c integer',
  'integer_range int4range',
  'integer_ranges int4multirange',
  'internal_char_c "char"',
  'interval_c interval',
  'json_c json',
  'jsonb_c jsonb',
  'jsonpath_c jsonpath',
  'line_c line',
  'lseg_c lseg',
  'macaddr_c macaddr',
  'macaddr8_c macaddr8',
  'money_c money',
  'mood_c mood',
  'mood_list mood[]',
  'name_c name',
  'numeric_c numeric',
  'numeric_fraction numeric(3, 3)',
  'numeric_money numeric(12, 2)',
  'numeric_small numeric(2)',
  'path_c path',
  'pg_lsn_c pg_lsn',
  'place_c place',
  'point_c point',
  'polygon_c polygon',
  'positive_c positive',
  'real_c real',
  'smallint_c smallint',
  'text_c text',
  'text_list text[]',
  'time_c time',
  'timestamp_c timestamp',
  'timestamptz_c timestamptz(3)',
  'timestamptz_range tstzrange',
  'timetz_c timetz',
  'tsquery_c tsquery',
  'tsvector_c tsvector',
  'uuid_c uuid',
  'varbit_c varbit(7)',
  'varchar_c varchar(3)',
  'xid8_c xid8',
]

const checks = [
  'amount numeric not null check (amount > 0 and amount <= 0.5)',
  'age int not null check (age between 18 and 21)',
  "code text not null check (code ~ '^[A-Z]{2}-[0-9]{4}$')",
  'country char(2) not null check (upper(country) = country and char_length(country) = 2)',
  "document jsonb not null check (jsonb_typeof(document) = 'array')",
  "number text not null check (number like 'INV-%-x')",
  'starts_at timestamptz not null',
  'ends_at timestamptz not null check (ends_at > starts_at)',
  "kind text not null check (kind = any (array['a b', 'it''s', 'c']))",
  'labels text[] not null check (cardinality(labels) >= 2)',
  'one int, other int, check (num_nonnulls(one, other) = 1)',
  "price numeric(4, 1) not null check (price in (1.5, 2.5)), slug varchar(8) not null check (slug ~ '^[a-z]+(-[a-z]+)*$')",
  "status text not null check (status in ('todo', 'done') and status <> 'todo')",
  'title text not null check (char_length(title) between 20 and 30)',
]

describe('inserts a row into a table', async () => {
  const matrix = await matrixOf(`
    create type mood as enum ('good', 'bad');
    create type place as (street text, number int);
    create domain positive as int not null check (value > 0);
    create domain answer as positive check (value = 42);
    ${protectedTable('every_type', everyType.map((column) => `${column} not null`).join(', '))}
    ${protectedTable('checked', checks.join(', '))}
    ${protectedTable('domains', 'answer answer, with_default positive default 7')}
    ${protectedTable('generated', 'lowered text generated always as (lower(name)) stored, name text not null')}
    ${protectedTable('self', 'parent_id uuid not null, foreign key (tenant_id, parent_id) references self (tenant_id, id)')}
    ${protectedTable('optional_self', 'parent_id uuid, foreign key (tenant_id, parent_id) references optional_self (tenant_id, id)')}
    ${protectedTable('eggs', 'hen_id uuid not null')}
    ${protectedTable('hens', 'egg_id uuid, foreign key (tenant_id, egg_id) references eggs (tenant_id, id)')}
    alter table eggs add foreign key (tenant_id, hen_id) references hens (tenant_id, id);
    ${protectedTable('profiles', 'user_id uuid not null, unique (tenant_id, user_id), foreign key (tenant_id, user_id) references users (tenant_id, id)')}
    create table numbered (
      tenant_id ${tenantColumnType} not null default tenancy.current_tenant_id(), number int generated always as identity,
      primary key (tenant_id, number));
    select tenancy.protect('numbered');
    create table lines (
      tenant_id ${tenantColumnType} not null, number int not null, line serial, text text,
      primary key (tenant_id, number, line), foreign key (tenant_id, number) references numbered (tenant_id, number));
    alter table lines alter tenant_id set default tenancy.current_tenant_id();
    select tenancy.protect('lines');
    grant usage on sequence lines_line_seq to app_user;
    create table bare (tenant_id ${tenantColumnType} not null default tenancy.current_tenant_id(), note text);
    select tenancy.protect('bare');
    create table settings (tenant_id ${tenantColumnType} primary key default tenancy.current_tenant_id(), theme text not null default 'dark');
    select tenancy.protect('settings');
    create schema "Other Place";
    create table "Other Place"."Odd ""Name" (
      tenant_id ${tenantColumnType} not null default tenancy.current_tenant_id(), "select" int not null, primary key (tenant_id, "select"));
    select tenancy.protect('"Other Place"."Odd ""Name"');
    create table history (tenant_id ${tenantColumnType} not null default tenancy.current_tenant_id(), of_bare text);
    select tenancy.protect('history');
    revoke insert, update, delete on history from app_user;
    create function write_history() returns trigger language plpgsql security definer as $$ begin
      insert into history (of_bare) values (coalesce(new.note, 'none')); return new; end $$;
    create trigger write_history after insert on bare for each row execute function write_history();
    create table events (
      tenant_id ${tenantColumnType} not null default tenancy.current_tenant_id(), at date not null, region text not null,
      primary key (tenant_id, at, region)) partition by range (at);
    create table events_past partition of events for values from ('1999-01-01') to ('2000-01-01') partition by list (region);
    create table events_past_north partition of events_past for values in ('north');
    select tenancy.protect('events');
  `)
  const cell = (relation: string, operation: string, whose: 'own' | 'foreign' | 'none') =>
    matrix.rows.find((row) => row.relation === relation && row.operation === operation)?.[whose]?.result

  const made = [
    ['with columns of every type', 'public.every_type'],
    ['whose CHECK constraints refuse plain values', 'public.checked'],
    ['with domains over domains', 'public.domains'],
    ['with a generated column', 'public.generated'],
    ['with a required self-reference', 'public.self'],
    ['with an optional self-reference', 'public.optional_self'],
    ['at one end of a cycle', 'public.eggs'],
    ['at the other end of the cycle', 'public.hens'],
    ['with at most one row for each parent row', 'public.profiles'],
    ['with an identity that is always generated', 'public.numbered'],
    ['whose composite key has a reference and a serial', 'public.lines'],
    ['without a primary key', 'public.bare'],
    ['whose primary key is the tenant', 'public.settings'],
    ['in another schema, with odd names', '"Other Place"."Odd ""Name"'],
    ['without a partition for plain values', 'public.events'],
  ]
  test.each(made)('%s', (_, relation = '') => {
    for (const operation of ['select', 'get', 'insert by default', 'delete'])
      expect([operation, cell(relation, operation, 'foreign') ?? '0', cell(relation, operation, 'none')]).toEqual([
        operation,
        '0',
        '0',
      ])
    expect(cell(relation, 'select', 'own')).toBe('1')
    expect(cell(relation, 'delete', 'own')).toBe('1')
  })

  test('without a violation in any of them', () => {
    expect(matrix.violations).toEqual([])
  })

  test('with an attempt on each foreign key, also on nullable ones', () => {
    const tried = matrix.rows.filter(({ operation }) => operation.startsWith('reference ')).map((row) => row.relation)
    for (const relation of ['self', 'optional_self', 'eggs', 'hens', 'profiles', 'lines'])
      expect(tried).toContain(`public.${relation}`)
  })

  test('and probes the rows of a trigger', () => {
    expect(cell('public.history', 'select', 'own')).toBe('1')
    expect(cell('public.history', 'get', 'foreign')).toBe('0')
    expect(cell('public.history', 'insert', 'own')).toBe('denied')
  })
})
