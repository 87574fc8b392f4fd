-- Written by "rowhouse init", 09155f20cfd209b0. Do not edit: "rowhouse init" updates the file only while this checksum matches.
-- The version of the files before this one, as a comment that the doctor and the start-up check compare with the release that runs
-- (docs/upgrading.md). It only informs: nothing that keeps tenants apart depends on it.
do $$
declare
  version constant text := 'rowhouse sql 2';
begin
  if obj_description('tenancy'::regnamespace, 'pg_namespace') is distinct from version then
    execute format('comment on schema tenancy is %L', version);
  end if;
end $$;
