import { expect, test } from 'bun:test'
import { sql } from 'drizzle-orm'
import type { TenantTx } from '../../src/database/index.ts'
import { resultOf } from '../../src/database/query.ts'
import { asOwner, db, main } from '../database.ts'
import { build, newAcme } from '../service/http/app.ts'
import { anyId } from '../service/http/refusals.ts'
import { newTenant } from '../tenants.ts'

const owner = asOwner(main)

/** The app with the real database, whose transactions run `work` instead of their own. */
const appRunning = (work: (tx: TenantTx) => Promise<unknown>) =>
  build({ db: { ...db, read: () => db.write(work) as never, write: () => db.write(work) as never } })

/** PostgreSQL raises an error with secrets in every text field. */
const raise = (sqlstate: string) => (tx: TenantTx) => tx.execute(sql`select raise(${sqlstate}, 's3cret')`)

const mapped: Record<string, [number, string]> = {
  '23505': [409, 'CONFLICT'],
  '23001': [409, 'CONFLICT'],
  '23P01': [409, 'CONFLICT'],
  '23503': [422, 'INVALID_REFERENCE'],
  '23514': [400, 'VALIDATION_FAILED'],
  '23502': [400, 'VALIDATION_FAILED'],
  '22001': [400, 'VALIDATION_FAILED'],
  '22P02': [400, 'BAD_REQUEST'],
  '22003': [400, 'BAD_REQUEST'],
  '22007': [400, 'BAD_REQUEST'],
  '22008': [400, 'BAD_REQUEST'],
  '22021': [400, 'BAD_REQUEST'],
  '22P05': [400, 'BAD_REQUEST'],
  '44000': [400, 'VALIDATION_FAILED'],
  '54000': [400, 'VALIDATION_FAILED'],
  '40001': [409, 'CONFLICT'],
  '40P01': [409, 'CONFLICT'],
  '55P03': [409, 'CONFLICT'],
  '57014': [503, 'SERVICE_UNAVAILABLE'],
  '08006': [503, 'SERVICE_UNAVAILABLE'],
  '53300': [503, 'SERVICE_UNAVAILABLE'],
  '53100': [503, 'SERVICE_UNAVAILABLE'],
  '57P01': [503, 'SERVICE_UNAVAILABLE'],
  '57P03': [503, 'SERVICE_UNAVAILABLE'],
  '42501': [500, 'INTERNAL_SERVER_ERROR'],
  '25006': [500, 'INTERNAL_SERVER_ERROR'],
  '42P01': [500, 'INTERNAL_SERVER_ERROR'],
  '42601': [500, 'INTERNAL_SERVER_ERROR'],
  P0001: [500, 'INTERNAL_SERVER_ERROR'],
  XX000: [500, 'INTERNAL_SERVER_ERROR'],
}

test.each(Object.entries(mapped))('SQLSTATE %s becomes %j', async (sqlstate, [status, code]) => {
  const { as, lines } = appRunning(raise(sqlstate))
  const response = await as(newTenant()).get('/tasks')
  expect([response.status, response.error?.code]).toEqual([status, code])
  expect(response.headers.get('Retry-After')).toBe(/^(40|55|57|08|53)/.test(sqlstate) ? '1' : null)
  expect(JSON.stringify([response.body, lines])).not.toContain('s3cret')
})

test.each(['57014', '42501', '08006'])('the log line of %s contains the SQLSTATE', async (sqlstate) => {
  const { as, lines } = appRunning(raise(sqlstate))
  await as(newTenant()).get('/tasks')
  expect(lines).toMatchObject([{ level: 'error', error: { database: { sqlstate } } }])
})

test('23503 on DELETE becomes CONFLICT: another row refers to this one', async () => {
  const { status, error } = await appRunning(raise('23503')).as(newTenant()).delete(`/tasks/${anyId}`)
  expect([status, error?.code]).toEqual([409, 'CONFLICT'])
})

test.each([
  ['40001', 2],
  ['40P01', 2],
  ['55P03', 2],
  ['23505', 1],
  ['57014', 1],
] as const)('after %s the work has run %d times', async (sqlstate, times) => {
  let runs = 0
  const { as } = appRunning((tx) => {
    runs += 1
    return raise(sqlstate)(tx)
  })
  await as(newTenant()).get('/tasks')
  expect(runs).toBe(times)
})

test('work that succeeds the second time succeeds', async () => {
  const { tenant, task } = await newAcme()
  let runs = 0
  const read: typeof db.read = (work) =>
    db.read(async (tx) => {
      runs += 1
      if (runs === 1) await raise('40001')(tx)
      return await resultOf(work(tx))
    })
  const { status, data } = await build({ db: { ...db, read } })
    .as(tenant)
    .get('/tasks')
  expect({ status, data }).toEqual({ status: 200, data: [task] })
})

test('a write in a read transaction becomes INTERNAL_SERVER_ERROR', async () => {
  const insert = (tx: TenantTx) => tx.execute(sql`insert into users (email, name) values ('a@b.co', 'A')`)
  const { as, lines } = build({ db: { ...db, read: () => db.read(insert) as never } })
  expect((await as(newTenant()).get('/users')).status).toBe(500)
  expect(lines).toMatchObject([{ error: { database: { sqlstate: '25006' } } }])
})

test('a statement timeout becomes SERVICE_UNAVAILABLE', async () => {
  const { as } = appRunning(async (tx) => {
    await tx.execute(sql`select set_config('statement_timeout', '1', true)`)
    await tx.execute(sql`select pg_sleep(60)`)
  })
  expect((await as(newTenant()).get('/tasks')).status).toBe(503)
})

test('a lost connection becomes SERVICE_UNAVAILABLE, and the next request gets another connection', async () => {
  const { tenant, client, task } = await newAcme()
  const { as } = appRunning(async (tx) => {
    const [row] = await tx.execute(sql`select pg_backend_pid() as pid`)
    await owner`select pg_terminate_backend(${Number(row?.pid)}, 5000)`
    await tx.execute(sql`select 1`)
  })
  const { status, headers, error } = await as(tenant).get('/tasks')
  expect([status, error?.code, headers.get('Retry-After')]).toEqual([503, 'SERVICE_UNAVAILABLE', '1'])
  expect((await client.get('/tasks')).data).toEqual([task])
})
