import { expect, test } from 'bun:test'
import { asc, getTableColumns, is, relations, SQL, sql } from 'drizzle-orm'
import * as pg from 'drizzle-orm/pg-core'
import { tenantColumns } from '../../src/context/index.ts'
import { asOwner, closeAfterwards, createDatabase } from '../database.ts'
import { newTenant, tenantColumnType, tenantIds, withTenant } from '../tenants.ts'
import { openDatabaseWith } from './shared-database.ts'
import { createTyped, names, typed, valuesOf } from './typed-columns.ts'

const database = await createDatabase()
await asOwner(database).unsafe(createTyped)
/** Each row is related to itself: to one row, and to a list of one. */
const typedRelations = relations(typed, ({ one, many }) => {
  const { tenantId, n } = typed
  const self = one(typed, { relationName: 'self', fields: [tenantId, n], references: [tenantId, n] })
  return { self, selves: many(typed, { relationName: 'self' }) }
})
const db = openDatabaseWith({ schema: { typed, typedRelations } }, { url: database.appUrl })
closeAfterwards(db)
const columns: Record<string, pg.PgColumn> = getTableColumns(typed)
const columnOf = (name: string) => columns[name] as pg.PgColumn // a name of the table's columns

/** Drizzle reads dates that JavaScript does not have as Invalid Date, which equals nothing. */
const comparable = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(comparable)
  return value instanceof Date && Number.isNaN(value.getTime()) ? 'Invalid Date' : value
}

/** The values of a column, as a plain query reads them, and as a relational query does at each depth. */
async function readBoth(name: string, values: readonly unknown[]) {
  const value = columnOf(name)
  const only = { columns: { [name]: true }, orderBy: asc(typed.n) }
  return await withTenant(newTenant(), () =>
    db.write(async (tx) => {
      await tx.insert(typed).values(values.map((written, n) => ({ n, [name]: written })) as never) // a column by its name
      const plain = await tx.select({ value }).from(typed).orderBy(asc(typed.n))
      const deep = { ...only, with: { selves: only } }
      const related = await tx.query.typed.findMany({ ...only, with: { self: deep, selves: only } } as never)
      const rows = related as unknown as Record<string, unknown>[]
      const valueIn = (row: unknown) => comparable((row as Record<string, unknown>)[name])
      const listIn = (row: unknown) => (row as { selves: unknown[] }).selves.map(valueIn)
      return {
        plain: plain.map((row) => comparable(row.value)),
        root: rows.map(valueIn),
        one: rows.map(({ self }) => valueIn(self)),
        many: rows.flatMap(listIn),
        deeper: rows.flatMap(({ self }) => listIn(self)),
      }
    }),
  )
}

/** An array as a parameter of its column, or as SQL where one of its values is SQL. */
function arrayOf(name: string, values: readonly unknown[]): unknown {
  if (!values.some((value) => is(value, SQL))) return values
  const elements = sql.join(
    values.map((value) => sql`${value}`),
    sql`, `,
  )
  return sql`array[${elements}]::${sql.raw(columnOf(name).getSQLType())}`
}

test.each(names)('a relational query reads %s as a plain query does, at each depth', async (name) => {
  const lists = [[], [null], ...valuesOf[name].map((value) => [value, null]), valuesOf[name]]
  for (const [column, values] of [
    [name, [...valuesOf[name], null]],
    [`${name}Array`, lists.map((list) => arrayOf(`${name}Array`, list))],
  ] as const) {
    const { plain, ...related } = await readBoth(column, values)
    expect(related).toEqual({ root: plain, one: plain, many: plain, deeper: plain })
  }
})

test('a number in JSON stays a number beside a column whose digits are kept', async () => {
  const row = {
    n: 0,
    jsonb: { price: 1.5e21, list: [0.1] },
    numericString: '1.50',
    real: 1e20,
    bigintBigint: 2n ** 62n,
  }
  const picked = { jsonb: true, numericString: true, real: true, bigintBigint: true }
  const found = await withTenant(newTenant(), () =>
    db.write(async (tx) => {
      await tx.insert(typed).values(row as never) // columns by their names
      return await tx.query.typed.findFirst({ columns: { n: true }, with: { self: { columns: picked } } } as never)
    }),
  )
  expect(found as unknown).toEqual({ n: 0, self: { ...row, n: undefined } })
})

test('a domain over numeric keeps its digits in a relational query', async () => {
  const price = pg.customType<{ data: string }>({ dataType: () => 'price' })
  const priced = pg.pgTable('priced', {
    tenantId: tenantColumns(tenantIds).tenantId,
    n: pg.integer().notNull(),
    price: price(),
  })
  const pricedRelations = relations(priced, ({ one }) => ({
    self: one(priced, { fields: [priced.tenantId, priced.n], references: [priced.tenantId, priced.n] }),
  }))
  await asOwner(database).unsafe(`create domain price as numeric(40, 10);
    create table priced (tenant_id ${tenantColumnType} not null default tenancy.current_tenant_id(), n int, price price, primary key (tenant_id, n));
    select tenancy.protect('priced')`)
  await using db = openDatabaseWith({ schema: { priced, pricedRelations } }, { url: database.appUrl })
  const written = { n: 1, price: '123456789012345678901234567890.0123456789' }
  const found = await withTenant(newTenant(), () =>
    db.write(async (tx) => {
      await tx.insert(priced).values(written as never) // its tenant is a default
      return await tx.query.priced.findFirst({ with: { self: true } })
    }),
  )
  expect([found?.price, found?.self.price]).toEqual([written.price, written.price])
})
