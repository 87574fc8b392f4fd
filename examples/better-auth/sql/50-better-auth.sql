-- The login of better-auth: its own tables, and nothing of a tenant. It gets a password by hand: see README.md.
do $$
begin
  if not exists (select from pg_roles where rolname = 'better_auth') then
    create role better_auth login nosuperuser nobypassrls nocreaterole nocreatedb noreplication noinherit connection limit 20;
  end if;
exception when duplicate_object or unique_violation then
  null; -- roles belong to the whole server: a migration of another database created it first
end $$;
--> statement-breakpoint
do $$
begin
  execute format('grant connect on database %I to better_auth', current_database());
end $$;
--> statement-breakpoint
grant usage on schema auth to better_auth;
--> statement-breakpoint
grant select, insert, update, delete on all tables in schema auth to better_auth;
