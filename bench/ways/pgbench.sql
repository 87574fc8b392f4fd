\set tenant random(1, :tenants)
\set task random(1, :tasks)
\startpipeline
begin isolation level repeatable read read only;
select set_config('app.current_tenant', '5eed0000-0000-4000-8000-' || lpad(to_hex(:tenant::int), 12, '0'), true);
select * from tasks where id = ('5eed0000-0000-7000-8002-' || lpad(to_hex(:task::int), 12, '0'))::uuid;
commit;
\endpipeline
