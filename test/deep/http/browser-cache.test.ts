import { expect, test } from 'bun:test'
import { chromium, openPage } from '../../browser.ts'
import { asOwner, createDatabase } from '../../database.ts'
import { startServer, until } from '../../runtime/child.ts'
import { newTenant } from '../../tenants.ts'

// The cache of a browser asks with the tag that another tenant got for the same URL (RFC 9111, section 4.1).

test.skipIf(chromium === undefined)(
  'the cache of Chromium keeps a user, and gives it to no tenant that has a user with the same id and times',
  async () => {
    const database = await createDatabase()
    const owner = asOwner(database)
    const [a, b, id, at] = [newTenant(), newTenant(), crypto.randomUUID(), new Date()]
    for (const tenant_id of [a, b]) {
      const user = { tenant_id, id, email: 'ada@acme.example', name: tenant_id, created_at: at, updated_at: at }
      await owner`insert into users ${owner(user)}`
    }
    await using service = startServer({ DATABASE_URL: database.appUrl })
    const url = await service.listening()
    const page = await openPage()
    await page.goto(`${url}/docs`)
    const nameOf = (tenant: string) =>
      page.evaluate(`(async () => {
        const response = await fetch('/users/${id}', { headers: { 'X-Tenant-Id': '${tenant}' } })
        return (await response.json()).data.name
      })()`)
    expect([await nameOf(a), await nameOf(a), await nameOf(b), await nameOf(b)]).toEqual([a, a, b, b])
    const statuses = () => service.log().flatMap(({ route, status }) => (route === '/users/:id' ? [status] : []))
    await until(() => statuses().length === 4 || undefined)
    expect(statuses()).toEqual([200, 304, 200, 304])
  },
  120_000,
)
