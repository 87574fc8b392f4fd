import assert from 'node:assert/strict'
import { type Connection, createPool, query, TransactionMisuse } from '../../src/database/index.ts'
import type { Case } from './escaped-handle-cases.ts'
import { failureOf } from './watched-pool.ts'

const backendOf = async (connection: Connection) => (await query(connection, 'select pg_backend_pid() as pid'))[0]?.pid

/** A connection of the pool is a handle too. */
export const releasedConnectionCases: Case[] = [
  {
    name: 'a released connection is rejected, also while the next transaction uses it',
    async run(url) {
      const pool = createPool({ url, size: 1 })
      const released = await pool.acquire()
      const backend = await backendOf(released)
      pool.release(released)
      const assertRefused = async () => {
        assert.ok((await failureOf(query(released, 'select 1'))) instanceof TransactionMisuse)
        assert.ok((await failureOf(released.command('rollback'))) instanceof TransactionMisuse)
      }
      await assertRefused()
      const next = await pool.acquire()
      await next.command('begin')
      await assertRefused()
      await released.close()
      assert.equal(await backendOf(next), backend, 'The pool returned another connection, or closed this one')
      await next.command('rollback')
      pool.release(next)
      await pool.close()
    },
  },
  {
    name: 'a connection that was released twice is not lent twice',
    async run(url) {
      const pool = createPool({ url, size: 2 })
      const connection = await pool.acquire()
      await connection.command('select 1')
      pool.release(connection)
      pool.release(connection)
      const two = [await pool.acquire(), await pool.acquire()]
      assert.equal(new Set(await Promise.all(two.map(backendOf))).size, 2)
      for (const taken of two) pool.release(taken)
      await pool.close()
    },
  },
  {
    name: 'a second release does not take a connection from its current user',
    async run(url) {
      const pool = createPool({ url, size: 1, acquireTimeoutMs: 20 })
      const connection = await pool.acquire()
      await connection.command('select 1')
      pool.release(connection)
      const holder = await pool.acquire()
      pool.release(connection)
      const third = await failureOf(pool.acquire())
      assert.match(String(third), /unavailable/)
      pool.release(holder)
      await pool.close()
    },
  },
]
