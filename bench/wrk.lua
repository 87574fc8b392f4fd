-- The requests of wrk: each is for a random tenant, and gets, changes or creates a task, or lists the first page, by offset or by cursor.
-- `keyed` creates a task with an Idempotency-Key of its own, and `unchanged` gets one that the client has. A delete is for the next
-- task of the round, which `seed` numbers.
--   wrk -s wrk.lua URL -- kind=get first=1 last=100 tasks=1000 stride=0 seed=1
--   wrk -s wrk.lua URL -- kind=delete first=1 last=100 tasks=1000 stride=0 seed=1 slice=50000
-- `stride` is 1 when ids are numbered across all tenants, and 0 when every tenant has the same ids.
-- `tokens` is a Lua file that returns a list with a bearer token for each tenant.
local set = {}
local tokens
local deleted = 0
local keys = 0
local started = os.time()
local statuses = { 'todo', 'in_progress', 'done' }

function init(arguments)
  for _, argument in ipairs(arguments) do
    local name, value = argument:match('^(%w+)=(.*)$')
    set[name] = tonumber(value) or value
  end
  math.randomseed(set.seed)
  if set.tokens then tokens = dofile(set.tokens) end
end

local function id(prefix, number) return string.format('5eed0000-0000-%s-%012x', prefix, number) end

local function pathOf(tenant, number)
  return '/tasks/' .. id('7000-8002', (tenant - 1) * set.stride * set.tasks + number)
end

-- The tasks in their order, one of each tenant after the other. Behind the last one of the slice, wrk counts a 404.
local function delete()
  local tenants = set.last - set.first + 1
  local index = deleted < set.slice and set.seed * set.slice + deleted or tenants * set.tasks
  deleted = deleted + 1
  local tenant = set.first + index % tenants
  return wrk.format('DELETE', pathOf(tenant, 1 + math.floor(index / tenants)), { ['X-Tenant-Id'] = id('4000-8000', tenant) })
end

function request()
  if set.kind == 'delete' then return delete() end
  local tenant = math.random(set.first, set.last)
  local headers = { ['X-Tenant-Id'] = id('4000-8000', tenant) }
  if tokens then headers['Authorization'] = 'Bearer ' .. tokens[tenant] end
  if set.kind == 'list' then return wrk.format('GET', '/tasks?page=1&limit=20', headers) end
  if set.kind == 'cursor' then return wrk.format('GET', '/tasks?cursor=&limit=20', headers) end
  if set.kind == 'unchanged' then
    headers['If-None-Match'] = '*'
    return wrk.format('GET', pathOf(tenant, math.random(1, set.tasks)), headers)
  end
  if set.kind == 'get' then return wrk.format('GET', pathOf(tenant, math.random(1, set.tasks)), headers) end
  headers['Content-Type'] = 'application/json'
  if set.kind == 'update' then
    local body = '{"status":"' .. statuses[math.random(1, 3)] .. '"}'
    return wrk.format('PATCH', pathOf(tenant, math.random(1, set.tasks)), headers, body)
  end
  if set.kind == 'keyed' then
    keys = keys + 1
    headers['Idempotency-Key'] = set.seed .. '-' .. started .. '-' .. keys
  end
  local user = id('7000-8001', (tenant - 1) * set.stride * 5 + math.random(1, 5))
  return wrk.format('POST', '/tasks', headers, '{"title":"Write the report","userId":"' .. user .. '"}')
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    '{"requests":%d,"seconds":%f,"p50Ms":%f,"p99Ms":%f,"failed":%d}\n',
    summary.requests, summary.duration / 1e6, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3,
    errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
