import type { SQL } from 'drizzle-orm'
import type { TenantDatabase, TenantTx } from '../../src/database/index.ts'
import { Query, type Returned, resultOf } from '../../src/database/query.ts'
import { toRows } from '../../src/database/statement.ts'
import { senderOf } from '../../src/database/tenant-tx.ts'
import { asOwner, type TestDatabase } from '../database.ts'

type Collected = Pick<TenantTx, 'execute'>

/** A query of raw SQL that counts as `prepared`: alone, it goes without BEGIN, and side by side with others. */
function asPrepared(tx: TenantTx, statement: SQL): Query<unknown> {
  const { sql: text, params } = tx.execute(statement).getQuery()
  return new Query(async () => toRows(await senderOf(tx).send(text, params, true)), 1)
}

const savedOf = (table: string): string => `saved_${table.replace('.', '_')}`

/** Whether a statement changes nothing, and locks nothing. */
const isRead = (text: string): boolean => text.startsWith('select') && !/ for (update|share)/.test(text)

/**
 * A tenant database for `expectTenantIsolation` that sends the statements of each attempt in one message with their end: a single one
 * without BEGIN, several ones with it. PostgreSQL commits them before the attempt sees a result. To undo an attempt, the owner writes the
 * rows again that were there before.
 *
 * @param tables all tables of the database that an attempt can change, referenced ones first
 */
export function inOneMessage(db: TenantDatabase, database: TestDatabase, tables: readonly string[]) {
  const owner = asOwner(database)
  const sent = { reads: 0, writes: 0, several: 0 }
  let isSaved = false
  const save = async () => {
    if (isSaved) return
    for (const table of tables)
      await owner.unsafe(`drop table if exists ${savedOf(table)}; create table ${savedOf(table)} as table ${table}`)
    isSaved = true
  }
  const restore = async () => {
    const fill = tables.map((table) => `insert into ${table} select * from ${savedOf(table)}`)
    const empty = tables.toReversed().map((table) => `delete from ${table}`)
    // Without triggers: they would record what the owner does.
    await owner.unsafe(['set local session_replication_role = replica', ...empty, ...fill].join('; '))
  }

  async function send(statements: readonly SQL[]): Promise<unknown[]> {
    const [only, ...others] = statements
    if (!only || others.length > 0) {
      sent.several += 1
      return await db.write((tx) => statements.map((statement) => asPrepared(tx, statement)) as Query<unknown>[])
    }
    let text = ''
    await db.write((tx) => {
      text = tx.execute(only).getQuery().sql
      return Promise.resolve()
    })
    const mode = isRead(text) ? 'read' : 'write'
    sent[`${mode}s`] += 1
    return [await db[mode]((tx) => asPrepared(tx, only))]
  }

  async function write(work: (tx: TenantTx) => Returned<unknown>): Promise<unknown> {
    await save()
    const statements: SQL[] = []
    const results = Promise.withResolvers<unknown[]>()
    const collected: Collected = {
      execute(query: SQL) {
        const at = statements.push(query) - 1
        return results.promise.then((rows) => rows[at]) as never // of the one attempt that awaits it
      },
    } as Collected // attempts call `execute` alone
    const ended = resultOf(work(collected as TenantTx))
    send(statements).then(results.resolve, results.reject)
    try {
      const value = await ended
      isSaved = false // it keeps what it wrote
      return value
    } catch (error) {
      await restore()
      throw error
    }
  }
  return Object.assign({ ...db, write: write as TenantDatabase['write'] }, { sent }) // what the work returned, awaited
}
