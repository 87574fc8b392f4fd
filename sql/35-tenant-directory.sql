-- The tenant directory. The serving role has no privilege on its tables: it may look up one tenant, by one exact value of one kind.
create table if not exists tenancy.tenants (
  id uuid default tenancy.uuid_v7(),
  -- A label of a host name (RFC 1035, section 2.3.1). With the collation "C", a-z are the ASCII letters in every database.
  slug text collate "C" not null,
  name text not null,
  status text not null default 'active',
  created_at timestamptz(3) not null default now(),
  updated_at timestamptz(3) not null default now(),
  constraint tenants_pkey primary key (id),
  constraint tenants_slug_key unique (slug),
  constraint tenants_slug_check check (
    slug ~ '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$' and slug !~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'),
  constraint tenants_name_check check (char_length(name) between 1 and 200),
  constraint tenants_status_check check (status in ('active', 'suspended'))
);
--> statement-breakpoint

-- What follows takes the type of a tenant's id from the tenant function. The recorder cannot read the names of the roles itself.
select
  set_config('rowhouse.tenant_id_type', (
    select prorettype::regtype::text from pg_proc where oid = 'tenancy.current_tenant_id()'::regprocedure), true),
  set_config('rowhouse.migrating_role', current_user, true),
  set_config('rowhouse.directory_editors', (
    select coalesce(jsonb_agg(name), '[]') from tenancy.roles join pg_roles on rolname = name
    where purpose in ('directory', 'admin'))::text, true);
--> statement-breakpoint
do $$ begin
  if not exists (select from pg_attribute where attrelid = 'tenancy.tenants'::regclass and attname = 'external_id') then
    -- The id of another system, such as an identity provider. It is compared exactly.
    alter table tenancy.tenants
      add column external_id text collate "C",
      add constraint tenants_external_id_key unique (external_id),
      add constraint tenants_external_id_check check (char_length(external_id) between 1 and 255 and external_id !~ '[[:cntrl:]]');
  end if;
  -- A host name in lower case, with labels in Punycode (RFC 5890, section 2.3.2.1) and without the dot of the root.
  execute format($create$
    create table if not exists tenancy.tenant_domains (
      domain text collate "C",
      belongs_to %s not null,
      constraint tenant_domains_pkey primary key (domain),
      constraint tenant_domains_belongs_to_fkey foreign key (belongs_to) references tenancy.tenants (id),
      constraint tenant_domains_domain_check check (
        char_length(domain) <= 253 and domain ~ '^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?$'))
  $create$, current_setting('rowhouse.tenant_id_type'));
end $$;
--> statement-breakpoint
create index if not exists tenant_domains_belongs_to_idx on tenancy.tenant_domains (belongs_to);
--> statement-breakpoint

select tenancy.become_recorder('tenancy.tenant_history', 'tenancy.former_names', 'tenancy.record_tenant_change()',
  'tenancy.read_tenant_history(text,uuid,integer)');
--> statement-breakpoint
do $$ begin
  if not exists (select from pg_class where relnamespace = 'tenancy'::regnamespace and relname = 'tenant_history') then
    -- Each change of the directory. A row stays when its tenant goes.
    execute format($create$
      create table tenancy.tenant_history (
        tenant_id %s not null default tenancy.current_tenant_id(),
        id uuid not null default tenancy.uuid_v7(),
        at timestamptz(3) not null default clock_timestamp(),
        action text not null,
        -- Who acted, as the application says, and the login of the database.
        actor text,
        login text not null,
        reason text,
        before jsonb,
        after jsonb,
        constraint tenant_history_pkey primary key (tenant_id, id))
    $create$, current_setting('rowhouse.tenant_id_type'));
    alter table tenancy.tenant_history enable row level security;
    create policy tenant_isolation on tenancy.tenant_history
      using (tenant_id = (select tenancy.current_tenant_id())) with check (tenant_id = (select tenancy.current_tenant_id()));
    create policy tenant_restrictive on tenancy.tenant_history as restrictive
      using (tenant_id = (select tenancy.current_tenant_id())) with check (tenant_id = (select tenancy.current_tenant_id()));
    -- Slugs and external ids that a tenant had. They are never given to another one: a token may still name them.
    execute format($create$
      create table tenancy.former_names (
        kind text,
        value text collate "C",
        belongs_to %s not null,
        constraint former_names_pkey primary key (kind, value))
    $create$, current_setting('rowhouse.tenant_id_type'));
    alter table tenancy.former_names enable row level security;
  end if;
end $$;
--> statement-breakpoint

-- Both functions run as the recorder; the isolation check compares the hashes of their bodies (src/isolation/our-functions.ts).
create or replace function tenancy.record_tenant_change() returns trigger
  language plpgsql security definer set search_path = pg_catalog
as $$
declare
  is_domain constant boolean := tg_table_name = 'tenant_domains';
  before constant jsonb := to_jsonb(old) - '{id,belongs_to,created_at,updated_at}'::text[];
  after constant jsonb := to_jsonb(new) - '{id,belongs_to,created_at,updated_at}'::text[];
  subject constant tenancy.tenant_history.tenant_id%type :=
    coalesce(to_jsonb(new), to_jsonb(old)) ->> case when is_domain then 'belongs_to' else 'id' end;
  name record;
begin
  if before = after and to_jsonb(old) ->> 'belongs_to' is not distinct from to_jsonb(new) ->> 'belongs_to' then
    return null;
  end if;
  insert into tenancy.tenant_history (tenant_id, action, actor, login, reason, before, after)
  values (
    subject,
    case
      when is_domain then case tg_op when 'INSERT' then 'add domain' when 'DELETE' then 'remove domain' else 'move domain' end
      when tg_op = 'INSERT' then 'create'
      when tg_op = 'DELETE' then 'delete'
      when before ->> 'status' = after ->> 'status' then 'rename'
      when after ->> 'status' = 'active' then 'resume'
      else 'suspend'
    end,
    nullif(current_setting('app.actor', true), ''), session_user, nullif(current_setting('app.admin_reason', true), ''),
    before, after);
  for name in
    select kind, before ->> key as old, after ->> key as new
    from (values ('slug', 'slug'), ('externalId', 'external_id')) as kinds (kind, key)
    where before ->> key is distinct from after ->> key
  loop
    if name.old is not null then
      insert into tenancy.former_names values (name.kind, name.old, subject) on conflict do nothing;
    end if;
    if exists (select from tenancy.former_names f where f.kind = name.kind and f.value = name.new collate "C" and f.belongs_to <> subject) then
      raise exception 'the % was the one of another tenant', name.kind using errcode = 'unique_violation', schema = 'tenancy',
        table = 'tenants', constraint = case name.kind when 'slug' then 'tenants_slug_key' else 'tenants_external_id_key' end;
    end if;
  end loop;
  return null;
end $$;
--> statement-breakpoint
create or replace function tenancy.read_tenant_history(tenant text, until uuid, most integer)
  returns table (id uuid, at timestamptz, action text, actor text, login text, reason text, before jsonb, after jsonb)
  language plpgsql stable security definer set search_path = pg_catalog
as $$
declare
  subject constant tenancy.tenant_history.tenant_id%type := tenant;
begin
  return query
    select h.id, h.at, h.action, h.actor, h.login, h.reason, h.before, h.after from tenancy.tenant_history h
    where h.tenant_id = subject and (until is null or h.id < until) order by h.id desc limit most;
end $$;
--> statement-breakpoint
do $$
declare
  migrating constant text := current_setting('rowhouse.migrating_role');
  reader text;
begin
  revoke execute on function tenancy.record_tenant_change(), tenancy.read_tenant_history(text, uuid, integer) from public;
  -- Without this privilege, nobody makes it a trigger of another table.
  execute format('grant execute on function tenancy.record_tenant_change() to %I', migrating);
  for reader in select migrating union select jsonb_array_elements_text(current_setting('rowhouse.directory_editors')::jsonb) loop
    execute format('grant execute on function tenancy.read_tenant_history(text, uuid, integer) to %I', reader);
  end loop;
end $$;
--> statement-breakpoint
reset role;
--> statement-breakpoint
select tenancy.leave_recorder();
--> statement-breakpoint

do $$
declare
  relation regclass;
begin
  if not exists (select from pg_trigger where tgrelid = 'tenancy.tenants'::regclass and tgname = 'touch_updated_at') then
    create trigger touch_updated_at before update on tenancy.tenants
      for each row execute function tenancy.touch_updated_at();
  end if;
  -- AFTER: two transactions that want one name have waited for each other at its unique key.
  foreach relation in array array['tenancy.tenants', 'tenancy.tenant_domains']::regclass[] loop
    if not exists (select from pg_trigger where tgrelid = relation and tgname = 'record_tenant_change') then
      execute format('create trigger record_tenant_change after insert or update or delete on %s
        for each row execute function tenancy.record_tenant_change()', relation);
    end if;
  end loop;
end $$;
--> statement-breakpoint

-- Returns at most one tenant, without its name. Each kind of value has a key of its own, so an external id never finds a slug. It is
-- SECURITY DEFINER because its caller may not read the tables. PL/pgSQL keeps its plans for the session.
drop function if exists tenancy.find_tenant(text);
--> statement-breakpoint
create or replace function tenancy.find_tenant(kind text, value text)
  returns table (id text, slug text, external_id text, domains text[], status text)
  language plpgsql stable security definer set search_path = pg_catalog
as $$
declare
  wanted tenancy.tenants.id%type;
begin
  if kind = 'id' then
    begin
      wanted := value;
    exception when data_exception then
      return;
    end;
    -- The canonical form only: '{…}' is an id for PostgreSQL too.
    if wanted::text is distinct from value then
      return;
    end if;
  elsif kind = 'slug' then
    select t.id into wanted from tenancy.tenants t where t.slug = value collate "C";
  elsif kind = 'externalId' then
    select t.id into wanted from tenancy.tenants t where t.external_id = value collate "C";
  elsif kind = 'domain' then
    select d.belongs_to into wanted from tenancy.tenant_domains d where d.domain = value collate "C";
  end if;
  return query
    select t.id::text, t.slug, t.external_id,
      array(select d.domain from tenancy.tenant_domains d where d.belongs_to = t.id order by d.domain), t.status
    from tenancy.tenants t where t.id = wanted;
end $$;
--> statement-breakpoint

-- Who may do what: the serving role looks up, the role of the directory edits, and so does the role of administrative work.
do $$
declare
  serving constant name := (select name from tenancy.roles where purpose = 'serving');
  editor name;
begin
  revoke execute on function tenancy.find_tenant(text, text) from public;
  execute format('grant execute on function tenancy.find_tenant(text, text) to %I', serving);
  execute format('revoke all on tenancy.tenants, tenancy.tenant_domains from public, %I', serving);
  for editor in select jsonb_array_elements_text(current_setting('rowhouse.directory_editors')::jsonb) loop
    execute format('grant usage on schema tenancy to %I', editor);
    execute format('revoke all on tenancy.tenants, tenancy.tenant_domains from %I', editor);
    execute format('grant select, insert (id, slug, name, external_id), update (slug, name, external_id, status) on tenancy.tenants to %I', editor);
    execute format('grant select, insert, delete on tenancy.tenant_domains to %I', editor);
  end loop;
end $$;
