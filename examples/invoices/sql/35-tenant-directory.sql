-- Written by "rowhouse init", 3d5474303ab50a11. Do not edit: "rowhouse init" updates the file only while this checksum matches.
-- The tenant directory. The serving role has no privilege on the table: it may look up one tenant, by its id or its slug.
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
  -- A slug must not look like an id: one selector would name two tenants.
  constraint tenants_slug_check check (
    slug ~ '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$' and slug !~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'),
  constraint tenants_name_check check (char_length(name) between 1 and 200),
  constraint tenants_status_check check (status in ('active', 'suspended'))
);
--> statement-breakpoint
do $$ begin
  if not exists (select from pg_trigger where tgrelid = 'tenancy.tenants'::regclass and tgname = 'touch_updated_at') then
    create trigger touch_updated_at before update on tenancy.tenants
      for each row execute function tenancy.touch_updated_at();
  end if;
end $$;
--> statement-breakpoint

-- Returns at most one tenant, without its name. It is SECURITY DEFINER because its caller may not read the table; the isolation check
-- compares the hash of its body (src/isolation/our-functions.ts). PL/pgSQL keeps its plans for the session.
create or replace function tenancy.find_tenant(selector text) returns table (id uuid, slug text, status text)
  language plpgsql stable security definer set search_path = pg_catalog
as $$
begin
  if selector ~* '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' then
    return query select t.id, t.slug, t.status from tenancy.tenants t where t.id = selector::pg_catalog.uuid;
  else
    return query select t.id, t.slug, t.status from tenancy.tenants t where t.slug = selector collate "C";
  end if;
end $$;
--> statement-breakpoint
do $$
declare
  serving constant name := (select name from tenancy.roles where purpose = 'serving');
  admin constant name := (select name from tenancy.roles join pg_roles on rolname = name where purpose = 'admin');
begin
  execute format('revoke all on tenancy.tenants from public, %I', serving);
  revoke execute on function tenancy.find_tenant(text) from public;
  execute format('grant execute on function tenancy.find_tenant(text) to %I', serving);
  -- For administrative work, where this database has a role for it: see 10-roles.sql.
  if admin is not null then
    execute format('grant usage on schema tenancy to %I', admin);
    execute format('revoke all on tenancy.tenants from %I', admin);
    execute format('grant select, insert, update on tenancy.tenants to %I', admin);
  end if;
end $$;
