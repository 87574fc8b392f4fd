import { describe, expect, setDefaultTimeout, test } from 'bun:test'
import type { Sql, TransactionSql } from 'postgres'
import { openAfter } from '../../../src/database/replica.ts'
import { newTenant } from '../../tenants.ts'
import { inSession, openPair } from './open-pair.ts'
import { pair, placeOf } from './pair.ts'

setDefaultTimeout(30_000)

describe('the standby is checked for a replayed write before the read takes its snapshot', () => {
  test('in a transaction of its own, in the same message', async () => {
    await using open = await openPair()
    await inSession('old', () => open.db.read(placeOf))
    const [began, replayCheck, ended, begun] = open.sent
    expect([began, ended, begun]).toEqual(['begin read only', 'commit', expect.stringMatching('repeatable read')])
    expect(replayCheck).toContain('pg_xact_status')
  })

  test('because a snapshot can miss a write that the standby has replayed meanwhile', async () => {
    const email = `${newTenant()}@rowhouse.example`
    const insert = (sql: Sql | TransactionSql, email: string) =>
      sql`insert into users (tenant_id, email, name) values (${newTenant()}, ${email}, 'Ada')`
    const [, replayCheck] = openAfter('0', {
      command: undefined,
      statements: () => [],
      withoutBegin: undefined,
      endsWithQueries: false,
      guard: () => ({ text: '', parameters: [] }),
      confirm: () => {},
    }).statements()
    const { promise: commit, resolve: letCommit } = Promise.withResolvers<void>()
    const { promise: wrote, resolve: write } = Promise.withResolvers<string>()
    const writing = pair.onPrimary.begin(async (tx) => {
      await insert(tx, email)
      write((await tx`select pg_current_xact_id()::text as id`)[0]?.id)
      await commit
    })
    const id = await wrote
    await insert(pair.onPrimary, 'ada@rowhouse.example') // a later transaction, so that the open one lies within the snapshot
    await pair.replayed()
    await pair.onStandby.begin('isolation level repeatable read read only', async (tx) => {
      await tx`select count(*) from users`
      letCommit()
      await writing
      await pair.replayed()
      expect(await tx.unsafe(replayCheck?.text ?? '', [id])).toHaveLength(1)
      expect(await tx`select from users where email = ${email}`).toHaveLength(0)
    })
  })
})
