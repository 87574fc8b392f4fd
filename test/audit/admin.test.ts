import { expect, test } from 'bun:test'
import { eq } from 'drizzle-orm'
import { users } from '../../db/schema/users.ts'
import { startAdminSuite } from '../database/admin-suite.ts'
import { serviceOn } from '../idempotency/caller.ts'
import { readerOf } from './log.ts'

const { service, openAdmin, twoTenants } = await startAdminSuite()

test('each tenant reads what an administrator changed in it, with the reason and the administrator', async () => {
  await using opened = openAdmin()
  const { name, tenants } = await twoTenants()
  const occasion = { reason: 'the customer asked for it', actor: 'support-7' }
  await opened.admin.write(occasion, (tx) =>
    tx
      .update(users)
      .set({ name: `${name}!` })
      .where(eq(users.name, name)),
  )
  for (const tenant of tenants) {
    const [last, ...others] = await readerOf(tenant, serviceOn(service)).entries()
    expect(last).toMatchObject({
      ...{ action: 'updated', source: 'admin', reason: 'the customer asked for it', actor: 'support-7' },
      ...{ requestId: null, changes: { name: { from: name, to: `${name}!` } } },
    })
    expect(others).toHaveLength(1)
  }
})
