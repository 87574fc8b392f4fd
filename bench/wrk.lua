-- The requests of wrk: each is for a random tenant, and gets a random task or the first page, or creates a task.
--   wrk -s wrk.lua URL -- kind=get first=1 last=100 tasks=1000 stride=0 seed=1
-- `stride` is 1 when ids are numbered across all tenants, and 0 when every tenant has the same ids.
-- `tokens` is a Lua file that returns a list with a bearer token for each tenant.
local set = {}
local tokens

function init(arguments)
  for _, argument in ipairs(arguments) do
    local name, value = argument:match('^(%w+)=(.*)$')
    set[name] = tonumber(value) or value
  end
  math.randomseed(set.seed)
  if set.tokens then tokens = dofile(set.tokens) end
end

local function id(prefix, number) return string.format('5eed0000-0000-%s-%012x', prefix, number) end

function request()
  local tenant = math.random(set.first, set.last)
  local headers = { ['X-Tenant-Id'] = id('4000-8000', tenant) }
  if tokens then headers['Authorization'] = 'Bearer ' .. tokens[tenant] end
  if set.kind == 'list' then return wrk.format('GET', '/tasks?page=1&limit=20', headers) end
  if set.kind == 'get' then
    local number = (tenant - 1) * set.stride * set.tasks + math.random(1, set.tasks)
    return wrk.format('GET', '/tasks/' .. id('7000-8002', number), headers)
  end
  local user = id('7000-8001', (tenant - 1) * set.stride * 5 + math.random(1, 5))
  headers['Content-Type'] = 'application/json'
  return wrk.format('POST', '/tasks', headers, '{"title":"Write the report","userId":"' .. user .. '"}')
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    '{"requests":%d,"seconds":%f,"p50Ms":%f,"p99Ms":%f,"failed":%d}\n',
    summary.requests, summary.duration / 1e6, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3,
    errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
