import { describe, expect, test } from 'bun:test'
import { sql } from 'drizzle-orm'
import { runInContext } from '../../../src/context/context.ts'
import { parseTenantId, type TenantId } from '../../../src/context/index.ts'
import {
  createPool,
  createReplica,
  createTenantSigner,
  type TenantDatabase,
  type TenantTx,
} from '../../../src/database/index.ts'
import { createIsolationCheck } from '../../../src/isolation/index.ts'
import { closeAfterwards } from '../../database.ts'
import { startPair } from '../../standby.ts'
import { migrateTo, openAs, tablesOf } from '../../tenant-ids/open-database.ts'

// Reads on a standby, with signed tenants whose ids are texts or numbers.

const secret = 'the secret of this test, which has 40 ch'
const pair = await startPair()
closeAfterwards({ close: async () => await pair[Symbol.asyncDispose]() })

describe.each([
  ['text', 'acme', 'ACME'],
  ['bigint', '1', '9223372036854775807'],
] as const)('a replica of a database with ids of type %s', (type, mine, other) => {
  const at = (url: string) => Object.assign(new URL(url), { pathname: `/of_${type}` }).href
  const { notes } = tablesOf(type)

  async function openPair() {
    await pair.onPrimary`create database ${pair.onPrimary(`of_${type}`)}`
    const database = { ownerUrl: at(pair.primary.ownerUrl), appUrl: at(pair.primaryUrl) }
    await migrateTo(database, type, { signingSecrets: [secret] })
    await pair.replayed()
    const [url, signer] = [at(pair.standbyUrl), createTenantSigner(secret)]
    const isolation = createIsolationCheck({ url, signer })
    closeAfterwards(isolation)
    const problems = await isolation.inspect()
    expect(problems.filter(({ check }) => check !== 'server-release')).toEqual([])
    const replica = createReplica({ connections: createPool({ url, size: 2 }), check: async () => {}, secret })
    const db = openAs(database, { tenantId: type, signer, replica })
    await replica.check()
    return db
  }
  const opening = openPair()

  const read = (db: TenantDatabase) =>
    db.read(async (tx: TenantTx) => {
      const [place] = await tx.execute<{ standby: boolean }>(sql`select pg_is_in_recovery() as standby`)
      const rows = await tx.select({ tenant: notes.tenantId, text: notes.text }).from(notes)
      return { standby: place?.standby, rows }
    })

  /** Runs work in a session that sends a bookmark, and returns the bookmark of its write. */
  async function inSession<T>(tenant: string, sent: string, work: () => Promise<T>) {
    const bookmark: { sent: string; next?: string } = { sent }
    const tenantId = parseTenantId(tenant, type) as TenantId // it is one
    const result = await runInContext({ tenantId, tenantIdType: type, actor: 'ada', bookmark }, work)
    return { result, next: bookmark.next ?? '' }
  }

  test('a session reads its own write there, and no other tenant does', async () => {
    const db = await opening
    const write = () => db.write((tx) => tx.insert(notes).values({ text: 'mine' }))
    const { next } = await inSession(mine, 'none', write)
    expect(next).not.toBe('')
    await pair.replayed()
    const rows = [{ tenant: mine, text: 'mine' }]
    expect((await inSession(mine, next, () => read(db))).result).toEqual({ standby: true, rows })
    expect((await inSession(other, 'none', () => read(db))).result).toEqual({ standby: true, rows: [] })
  })

  test('a bookmark of another tenant is worth nothing: the read goes to the primary', async () => {
    const db = await opening
    const { next } = await inSession(mine, 'none', () => db.write((tx) => tx.insert(notes).values({ text: 'more' })))
    await pair.replayed()
    expect((await inSession(other, next, () => read(db))).result).toEqual({ standby: false, rows: [] })
  })
})
