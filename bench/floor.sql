-- The schema of the floor: what Prisma generates from the models of the usual multi-tenant tutorial, with its indexes and policies.
create table users (
  id text primary key,
  tenant_id text not null,
  email text not null,
  name text not null,
  created_at timestamp(3) not null default current_timestamp,
  updated_at timestamp(3) not null
);
create index users_tenant_id_idx on users (tenant_id);

create table tasks (
  id text primary key,
  tenant_id text not null,
  title text not null,
  description text,
  status text not null default 'todo',
  user_id text not null references users (id) on update cascade on delete restrict,
  created_at timestamp(3) not null default current_timestamp,
  updated_at timestamp(3) not null
);
create index tasks_tenant_id_idx on tasks (tenant_id);

alter table users enable row level security;
alter table users force row level security;
create policy tenant_isolation on users using (tenant_id = current_setting('app.current_tenant', true)::text);
create policy tenant_insert on users for insert
  with check (tenant_id = current_setting('app.current_tenant', true)::text);

alter table tasks enable row level security;
alter table tasks force row level security;
create policy tenant_isolation on tasks using (tenant_id = current_setting('app.current_tenant', true)::text);
create policy tenant_insert on tasks for insert
  with check (tenant_id = current_setting('app.current_tenant', true)::text);

grant usage on schema public to floor_user;
grant select, insert, update, delete on users, tasks to floor_user;
