import { expect, test } from 'bun:test'
import { createPool, createReplica, createTenantDatabase } from '../../src/database/index.ts'
import { closeAfterwards, main } from '../database.ts'
import { tenantIds } from '../tenants.ts'
import { callerOf, newKey, newUser, serviceOn } from './caller.ts'

test('a replay has a Bookmark too, so that a client whose first response was lost reads its row from a replica', async () => {
  const connections = () => createPool({ url: main.appUrl, size: 2 })
  const secret = 'a secret that all processes share'
  const replica = createReplica({ connections: connections(), check: async () => {}, secret })
  const db = createTenantDatabase({ connections: connections(), replica, ...tenantIds })
  closeAfterwards(db)
  await replica.check()
  const caller = callerOf(undefined, serviceOn(db))
  const request = { key: newKey(), body: newUser(), headers: { Bookmark: 'none' } }
  await caller.send('POST', '/users', request)
  const { headers } = await caller.send('POST', '/users', request)
  expect(headers.get('Idempotency-Replayed')).toBe('true')
  expect(headers.get('Bookmark')).toMatch(/^[\w-]{40,}$/)
})
