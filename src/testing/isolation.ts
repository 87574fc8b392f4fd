import { eq, getTableColumns, getTableName, type SQL, sql } from 'drizzle-orm'
import type { PgColumn, PgTable } from 'drizzle-orm/pg-core'
import { findDatabaseError } from '../errors/index.ts'
import { type TenantDatabase, type TenantTx, withTenant } from '../tenancy/index.ts'

type TenantTable = PgTable & { tenantId: PgColumn; id: PgColumn }

export interface IsolationProbe<Row extends { id: string }> {
  table: TenantTable
  /** Makes one valid row, with whatever it refers to, and returns it. It is run once for each tenant. */
  create: (tx: TenantTx) => Promise<Row>
  /** Where other rows can refer to this one: makes such a row. It is run as B with A's row, and must fail. */
  refer?: (tx: TenantTx, row: Row) => Promise<unknown>
}

/** What A's row was reached by; the message lists every way. */
export class IsolationBroken extends Error {
  override readonly name = 'IsolationBroken'
}

/**
 * Proves that one tenant cannot reach another's row of a table: creates rows as A, then probes as B with list, count,
 * get, update, delete, a blind insert for A (without RETURNING, where alone a lax WITH CHECK shows), moving a row of its
 * own to A, and, with `refer`, a reference to A's row. At the end A's row must be as it was.
 *
 * @param tenants ids of A and B; two fresh ones when left out
 * @throws IsolationBroken that names every probe that got through
 * @example
 * await expectTenantIsolation(db, { table: tasks, create: (tx) => insertTask(tx, { title: 'A', userId }) })
 */
export async function expectTenantIsolation<Row extends { id: string }>(
  db: TenantDatabase,
  probe: IsolationProbe<Row>,
  tenants: [a: string, b: string] = [crypto.randomUUID(), crypto.randomUUID()],
): Promise<void> {
  const { table, create, refer } = probe
  const [a, b] = tenants
  const columns = Object.entries(getTableColumns(table)).filter(([, column]) => !column.generated)
  const changeable = columns.find(([, { name }]) => !['tenant_id', 'id', 'created_at'].includes(name))
  const broken: string[] = []

  const rowOf = (tx: TenantTx, id: string) => tx.select().from(table).where(eq(table.id, id))
  const byA = await withTenant(a, () => db.write(create))
  const [before] = await withTenant(a, () => db.read((tx) => rowOf(tx, byA.id)))
  const byB = await withTenant(b, () => db.write(create))
  const [own] = await withTenant(b, () => db.read((tx) => rowOf(tx, byB.id)))
  if (!before || !own) throw new TypeError(`create returned an id that ${getTableName(table)} does not have`)
  const valueFrom = (row: Record<string, unknown>, [key, column]: (typeof columns)[number]) =>
    sql.param(row[key], column)

  async function sees(what: string, look: (tx: TenantTx) => Promise<boolean>): Promise<void> {
    if (await withTenant(b, () => db.read(look))) broken.push(what)
  }
  /** How many rows a write of B's touches; it is rolled back. More than there are, when it ran into a constraint. */
  async function touched(statement: SQL): Promise<number> {
    let count = 0
    const undo = new Error('undo')
    const attempt = async (tx: TenantTx) => {
      count = (await tx.execute(statement)).count
      throw undo
    }
    const [outcome] = await Promise.allSettled([withTenant(b, () => db.write(attempt))])
    if (outcome.status === 'fulfilled' || outcome.reason === undo) return count
    const sqlstate = findDatabaseError(outcome.reason)?.sqlstate ?? ''
    if (sqlstate.startsWith('23')) return Number.POSITIVE_INFINITY
    if (sqlstate === '42501') return 0
    throw outcome.reason
  }
  /**
   * Without WHERE and without reading a column, a write must touch B's row and no other: a policy for SELECT hides that
   * those for UPDATE and DELETE are lax only from a statement that reads.
   */
  async function writes(what: string, statement: SQL): Promise<void> {
    const own = await touched(sql`${statement} where ${table.id} = ${byB.id}`)
    const all = await touched(statement)
    const foreign = await touched(sql`${statement} where ${table.id} = ${byA.id}`)
    // A constraint that B's own row runs into as well says nothing of other rows.
    if ((all > 1 && own <= 1) || foreign > 0) broken.push(what)
  }
  /** A write that must be refused by row security or privileges (42501), or by the foreign key (23503). */
  async function refused(what: string, sqlstate: string, attempt: (tx: TenantTx) => Promise<unknown>): Promise<void> {
    const [outcome] = await Promise.allSettled([withTenant(b, () => db.write(attempt))])
    const said = outcome.status === 'rejected' ? (findDatabaseError(outcome.reason)?.sqlstate ?? 'error') : 'done'
    if (said !== sqlstate) broken.push(`${what} (${said} instead of ${sqlstate})`)
  }

  await sees('list', async (tx) => (await tx.select({ id: table.id }).from(table)).some(({ id }) => id === byA.id))
  await sees('count', async (tx) => (await tx.$count(table)) !== 1)
  await sees('get', async (tx) => (await rowOf(tx, byA.id)).length > 0)

  if (changeable) {
    // B's own value, which B's row can take: A's could run into B's constraints.
    const change = sql`${sql.identifier(changeable[1].name)} = ${valueFrom(own, changeable)}`
    await writes('update', sql`update ${table} set ${change}`)
  }
  await writes('delete', sql`delete from ${table}`)

  const names = columns.map(([, { name }]) => sql.identifier(name))
  const copy = { ...before, id: crypto.randomUUID() }
  const values = columns.map((column) => valueFrom(copy, column))
  await refused('blind insert', '42501', (tx) =>
    tx.execute(sql`insert into ${table} (${sql.join(names, sql`, `)}) values (${sql.join(values, sql`, `)})`),
  )
  await refused('move to another tenant', '42501', (tx) =>
    tx.execute(sql`update ${table} set tenant_id = ${a} where ${table.id} = ${byB.id}`),
  )
  if (refer) await refused('reference', '23503', (tx) => refer(tx, byA))

  const [after] = await withTenant(a, () => db.read((tx) => rowOf(tx, byA.id)))
  if (JSON.stringify(after) !== JSON.stringify(before)) broken.push('the row is not as it was')
  if (broken.length > 0)
    throw new IsolationBroken(`Another tenant reached a row of ${getTableName(table)} by: ${broken.join(', ')}`)
}
