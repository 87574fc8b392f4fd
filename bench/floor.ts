import postgres from 'postgres'

// The floor: a server that an expert writes by hand with the driver postgres, the same number of connections and row-level security.
// It prepares every statement, and has no framework, validation, envelope or log. It uses the schema of floor.sql.

const sql = postgres(process.env.DATABASE_URL ?? '', { max: 10 })

/** Runs work in a transaction with the tenant of the request. */
function inTenant<T>(request: Request, work: (tx: postgres.TransactionSql) => Promise<T>) {
  const tenantId = request.headers.get('x-tenant-id') ?? ''
  return sql.begin(async (tx) => {
    await tx`select set_config('app.current_tenant', ${tenantId}, true)`
    return await work(tx)
  })
}

async function get(request: Bun.BunRequest<'/tasks/:id'>): Promise<Response> {
  const { id } = request.params
  const [task] = await inTenant(request, async (tx) => {
    return await tx`
      select id, title, description, status, user_id as "userId", created_at as "createdAt", updated_at as "updatedAt"
      from tasks where id = ${id}`
  })
  return task ? Response.json(task) : Response.json({ error: 'Task not found' }, { status: 404 })
}

async function list(request: Request): Promise<Response> {
  const query = new URL(request.url).searchParams
  const [page, limit] = [Number(query.get('page') ?? 1), Number(query.get('limit') ?? 20)]
  const answer = await inTenant(request, async (tx) => {
    const items = await tx`
      select id, title, description, status, user_id as "userId", created_at as "createdAt", updated_at as "updatedAt"
      from tasks order by created_at desc limit ${limit} offset ${(page - 1) * limit}`
    const [counted] = await tx`select count(*)::int as total from tasks`
    return { data: items, total: counted?.total, page, limit }
  })
  return Response.json(answer)
}

async function create(request: Request): Promise<Response> {
  const tenantId = request.headers.get('x-tenant-id') ?? ''
  const { title, description = null, userId } = await request.json()
  const [task] = await inTenant(request, async (tx) => {
    return await tx`
      insert into tasks (id, tenant_id, title, description, user_id, updated_at)
      values (${crypto.randomUUID()}, ${tenantId}, ${title}, ${description}, ${userId}, now())
      returning id, title, description, status, user_id as "userId", created_at as "createdAt", updated_at as "updatedAt"`
  })
  return Response.json(task, { status: 201 })
}

async function update(request: Bun.BunRequest<'/tasks/:id'>): Promise<Response> {
  const { id } = request.params
  const { title = null, description = null, status = null } = await request.json()
  const [task] = await inTenant(request, async (tx) => {
    return await tx`
      update tasks set title = coalesce(${title}, title), description = coalesce(${description}, description),
        status = coalesce(${status}, status), updated_at = now()
      where id = ${id}
      returning id, title, description, status, user_id as "userId", created_at as "createdAt", updated_at as "updatedAt"`
  })
  return task ? Response.json(task) : Response.json({ error: 'Task not found' }, { status: 404 })
}

async function remove(request: Bun.BunRequest<'/tasks/:id'>): Promise<Response> {
  const { id } = request.params
  const { count } = await inTenant(request, async (tx) => await tx`delete from tasks where id = ${id}`)
  return count > 0 ? new Response(null, { status: 204 }) : Response.json({ error: 'Task not found' }, { status: 404 })
}

Bun.serve({
  hostname: '127.0.0.1',
  port: process.env.PORT ?? 0,
  routes: {
    '/tasks/:id': { GET: get, PATCH: update, DELETE: remove },
    '/tasks': { GET: list, POST: create },
    '/ready': Response.json({ status: 'ok' }),
  },
})
