-- Undo: what one request created, changed and deleted is reversed in one transaction, as the role that calls it. It reads the audit trail for
-- what happened, and the trash for the rows. Whatever stands in the way is an error, and nothing changes.

select set_config('rowhouse.serving_role', (select name::text from tenancy.roles where purpose = 'serving'), true);
--> statement-breakpoint
select tenancy.become_recorder('tenancy.take_deleted(text,text,uuid)');
--> statement-breakpoint

-- As tenancy.take_from_trash(), for the row that one entry of the audit trail deleted: the trash keeps a row before the entry is made. A
-- later row of the same name, such as one that this undo deletes, stays.
create or replace function tenancy.take_deleted(resource text, target text, entry uuid) returns integer
  language plpgsql volatile security definer set search_path = pg_catalog
as $$
declare
  tenant constant tenancy.trash.tenant_id%type := tenancy.current_tenant_id();
  root uuid;
  taken integer;
begin
  select t.id into root from tenancy.trash t
  where t.tenant_id = tenant and t.resource = take_deleted.resource and t.target_id = target and t.reference is null and t.id < entry
  order by t.id desc limit 1 for update;
  update tenancy.trash t set taken_by = pg_current_xact_id(), place = f.place from tenancy.fallen_with(root) as f
  where t.tenant_id = tenant and t.id = f.id;
  get diagnostics taken = row_count;
  return taken;
end $$;
--> statement-breakpoint
do $$ begin
  revoke execute on function tenancy.take_deleted(text, text, uuid) from public;
  execute format('grant execute on function tenancy.take_deleted(text, text, uuid) to %I', current_setting('rowhouse.serving_role'));
end $$;
--> statement-breakpoint
reset role;
--> statement-breakpoint
select tenancy.leave_recorder();
--> statement-breakpoint

-- The condition that finds a row of a table by its name in the audit trail; $2 is the array of the values of its key.
create or replace function tenancy.key_condition(relation regclass) returns text
  language plpgsql stable set search_path = pg_catalog
as $$
begin
  -- The tenant column has this default (tenancy.protect); row-level security takes care of it.
  return (
    select string_agg(format('%I = ($2)[%s]::%s', attname, place, format_type(atttypid, -1)), ' and ')
    from (
      select attname, atttypid, row_number() over (order by k.place) as place
      from pg_index, unnest(indkey) with ordinality as k (number, place)
      join pg_attribute on attrelid = relation and attnum = number
      left join pg_attrdef on adrelid = attrelid and adnum = attnum
      where indrelid = relation and indisprimary and pg_get_expr(adbin, adrelid) is distinct from 'tenancy.current_tenant_id()') as keys);
end $$;
--> statement-breakpoint

-- Reverses one entry, and returns what it did. RH024 says what stands in the way.
create or replace function tenancy.undo_entry(entry tenancy.audit_trail, undone xid8[]) returns text
  language plpgsql volatile set search_path = pg_catalog
as $$
declare
  relation constant regclass := tenancy.resource_table(entry.resource);
  condition constant text := tenancy.key_condition(relation);
  key constant text[] := case when position('($2)[2]' in condition) > 0
    then array(select jsonb_array_elements_text(entry.target_id::jsonb)) else array[entry.target_id] end;
  assignments text;
  changed integer;
begin
  -- Without its trigger, nobody knows what happened to the row since.
  if condition is null or not exists (
    select from pg_trigger where tgrelid = relation and tgname = 'record_change' and tgenabled in ('O', 'A'))
  then
    raise exception 'the table is not audited any more' using errcode = 'RH024', detail = 'not_audited';
  end if;
  -- Nobody changes the row between the question and the answer.
  execute format('select from %s where $1 is null and %s for update', relation, condition) using null, key;
  if exists (
    select from tenancy.audit_trail e
    where e.tenant_id = entry.tenant_id and e.target_id = entry.target_id and e.resource = entry.resource and e.source <> 'event'
      and (e.at, e.id) > (entry.at, entry.id) and e.xid <> all (undone || pg_current_xact_id()))
  then
    raise exception 'the row was changed later' using errcode = 'RH024', detail = 'changed_later';
  end if;
  case entry.action
    when 'deleted' then
      if tenancy.take_deleted(entry.resource, entry.target_id, entry.id) > 0 then
        perform tenancy.put_back();
      elsif not exists (
        select from tenancy.audit_queue q
        where q.tenant_id = entry.tenant_id and q.at >= now() - interval '1 second' and q.target_id = entry.target_id
          and q.resource = entry.resource and q.action = 'restored' and q.xid = pg_current_xact_id())
      then
        raise exception 'the row is not in the trash' using errcode = 'RH024', detail = 'not_in_trash';
      end if;
      return 'restored';
    when 'updated' then
      if entry.changes is null then
        raise exception 'the changes were erased' using errcode = 'RH024', detail = 'erased';
      elsif exists (select from jsonb_each(entry.changes) where value ->> 'from' = '[redacted]' or value ->> 'to' = '[redacted]') then
        raise exception 'the changes are redacted' using errcode = 'RH024', detail = 'redacted';
      end if;
      select string_agg(format('%I = ($1 -> %L ->> ''from'')::%s', attname, attname, format_type(atttypid, -1)), ', ') into assignments
      from jsonb_object_keys(entry.changes) as name join pg_attribute on attrelid = relation and attname = name and not attisdropped
        and attgenerated = '';
      if assignments is null then
        raise exception 'the columns are gone' using errcode = 'RH024', detail = 'no_column';
      end if;
      execute format('update %s set %s where %s', relation, assignments, condition) using entry.changes, key;
      get diagnostics changed = row_count;
      if changed = 0 then
        raise exception 'the row is not there' using errcode = 'RH024', detail = 'not_there';
      end if;
      return 'updated';
    else
      execute format('delete from %s where $1 is null and %s', relation, condition) using null, key;
      get diagnostics changed = row_count;
      if changed = 0 then
        raise exception 'the row is not there' using errcode = 'RH024', detail = 'not_there';
      end if;
      return 'deleted';
  end case;
end $$;
--> statement-breakpoint

-- tenancy.undo_request('0198…', false) reverses a request of the last 24 hours, the last change first. A change that another one still
-- stands in the way of, such as a row whose parent is not there yet, is tried again after the others. No rows: the tenant has no such
-- request. RH022: it is older. RH023: the id names several transactions, and `every` is false. RH024: something stands in the way, which the
-- detail names as an array in JSON.
create or replace function tenancy.undo_request(request text, every boolean) returns table (resource text, id text, action text)
  language plpgsql volatile set search_path = pg_catalog
as $$
declare
  tenant constant tenancy.audit_trail.tenant_id%type := tenancy.current_tenant_id();
  pending tenancy.audit_trail[] := array(
    select e from tenancy.audit_trail e
    where e.tenant_id = tenant and e.request_id = request and e.action in ('created', 'updated', 'deleted', 'restored')
    order by e.at desc, e.id desc);
  undone constant xid8[] := array(select distinct (one).xid from unnest(pending) as one);
  entries constant tenancy.audit_trail[] := pending;
  postponed tenancy.audit_trail[];
  waiting jsonb;
  entry tenancy.audit_trail;
  problems jsonb := '[]';
  state text;
  reason text;
begin
  if pending = '{}' then
    return;
  elsif exists (select from unnest(pending) as one where (one).at < now() - interval '24 hours') then
    raise exception 'the request is older than 24 hours' using errcode = 'RH022';
  elsif cardinality(undone) > 1 and not every then
    raise exception 'the request id names several transactions' using errcode = 'RH023';
  end if;
  loop
    postponed := '{}';
    waiting := '[]';
    foreach entry in array pending loop
      -- The changes of one row are undone in their order.
      if waiting @> jsonb_build_array(jsonb_build_object('resource', entry.resource, 'id', entry.target_id)) then
        postponed := postponed || entry;
        continue;
      end if;
      begin
        action := tenancy.undo_entry(entry, undone);
        resource := entry.resource;
        id := entry.target_id;
        return next;
      exception when integrity_constraint_violation or data_exception or sqlstate 'RH021' or sqlstate 'RH024' then
        get stacked diagnostics state = returned_sqlstate, reason = pg_exception_detail;
        reason := case
          when state = 'RH024' then reason
          when state in ('23503', '23001') or state = 'RH021' and reason::jsonb ->> 'code' = 'missing' then 'reference'
          when state in ('23505', '23P01', 'RH021') then 'exists'
          else 'invalid' end;
        if reason in ('reference', 'exists') then
          postponed := postponed || entry;
          waiting := waiting || jsonb_build_object('resource', entry.resource, 'id', entry.target_id, 'code', reason);
        else
          problems := problems || jsonb_build_object('resource', entry.resource, 'id', entry.target_id, 'code', reason);
        end if;
      end;
    end loop;
    exit when cardinality(postponed) in (0, cardinality(pending));
    pending := postponed;
  end loop;
  begin
    set constraints all immediate; -- what would fail at COMMIT
  exception when integrity_constraint_violation then
    get stacked diagnostics state = schema_name, reason = table_name;
    problems := problems || jsonb_build_object('resource', tenancy.resource_name(to_regclass(format('%I.%I', state, reason))), 'id', null,
      'code', 'reference');
  end;
  -- Rows that fall with one that the request created, and came later. A row whose key is put back has another name then.
  select problems || waiting || coalesce(jsonb_agg(distinct jsonb_build_object(
    'resource', other.resource, 'id', other.target_id, 'code', 'would_change')), '[]')
  into problems
  from (
    select e.resource, e.target_id, e.changes from tenancy.audit_trail e
    where e.tenant_id = tenant and e.at >= now() - interval '1 second' and e.xid = pg_current_xact_id() and e.source <> 'event' and not exists (
      select from unnest(entries) as one where (one).resource = e.resource and (one).target_id = e.target_id)
    offset 0) as other
  where not exists (
    select from unnest(entries) as one
    where (one).resource = other.resource and (one).action = 'updated' and (
      select jsonb_object_agg(key, jsonb_build_object('from', value -> 'to', 'to', value -> 'from')) from jsonb_each((one).changes)
    ) @> other.changes);
  if problems <> '[]' then
    raise exception 'something stands in the way' using errcode = 'RH024', detail = problems::text;
  end if;
  perform tenancy.audit_event('request.undone', 'request', request, '{}');
end $$;
--> statement-breakpoint
do $$ begin
  revoke execute on function tenancy.key_condition(regclass), tenancy.undo_entry(tenancy.audit_trail, xid8[]),
    tenancy.undo_request(text, boolean) from public;
  execute format('grant execute on function tenancy.key_condition(regclass), tenancy.undo_entry(tenancy.audit_trail, xid8[]),
    tenancy.undo_request(text, boolean) to %I', (select name from tenancy.roles where purpose = 'serving'));
end $$;
