-- Written by "rowhouse init", 17cc67750ea80c50. Do not edit: "rowhouse init" updates the file only while this checksum matches.
-- The tasks of "rowhouse worker". A worker locks the row of a task while it works. An advisory lock would not do: the serving role can take any
-- of them, and keep a task from running.
create table if not exists tenancy.worker_tasks (
  name text primary key
);
--> statement-breakpoint
do $$ begin
  execute format('revoke all on tenancy.worker_tasks from public, %I', (select name from tenancy.roles where purpose = 'serving'));
end $$;
--> statement-breakpoint

-- Takes a task until the end of the transaction or the connection; false while another worker has it. The first call for a task writes its
-- row and returns null: in a transaction that went on to work, the row would make other workers wait.
create or replace function tenancy.take_task(task text) returns boolean
  language plpgsql volatile security definer set search_path = pg_catalog
as $$
begin
  perform from tenancy.worker_tasks where name = task for update skip locked;
  if found then
    return true;
  elsif exists (select from tenancy.worker_tasks where name = task) then
    return false;
  end if;
  insert into tenancy.worker_tasks values (task) on conflict do nothing;
  return null;
end $$;
--> statement-breakpoint
do $$
declare
  worker name;
begin
  revoke execute on function tenancy.take_task(text) from public;
  for worker in select name from tenancy.roles join pg_roles on rolname = name where purpose = 'worker' loop
    execute format('grant execute on function tenancy.take_task(text) to %I', worker);
  end loop;
end $$;
