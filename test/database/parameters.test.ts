import { expect, test } from 'bun:test'
import { type SQL, sql } from 'drizzle-orm'
import type { TenantTx } from '../../src/database/index.ts'
import { db } from '../database.ts'
import { build } from '../service/http/app.ts'
import { newTenant, withTenant } from '../tenants.ts'
import { failureOf, openDatabase } from './shared-database.ts'

const most = 65_535
/** A query with this many parameters. */
const count = (parameters: number): SQL =>
  sql`select count(*)::int as count from (values ${sql.join(
    Array.from({ length: parameters }, () => sql`(${1}::int)`),
    sql`, `,
  )}) as given`

test('a statement with as many parameters as PostgreSQL accepts is sent', async () => {
  const work = (tx: TenantTx) => tx.execute(count(most))
  expect(await withTenant(newTenant(), () => db.read(work))).toEqual([{ count: most }] as never)
})

test('a statement with more parameters fails before anything is sent, and names the limit', async () => {
  await using database = openDatabase()
  const work = (tx: TenantTx) => tx.execute(count(most + 1))
  const error = await withTenant(newTenant(), () => failureOf(database.write(work)))
  expect(error).toMatchObject({ name: 'RangeError', message: expect.stringContaining('PostgreSQL accepts 65535') })
  expect(database.sent).toEqual([])
})

test('a handler that sends too many parameters answers 500, not 503', async () => {
  const work = () => db.write((tx) => tx.execute(count(most + 1))) as never
  const response = await build({ db: { ...db, read: work, write: work } })
    .as(newTenant())
    .get('/tasks')
  expect([response.status, response.headers.get('Retry-After')]).toEqual([500, null])
})
