import { describe, expect, test } from 'bun:test'
import { sql } from 'drizzle-orm'
import { Hono } from 'hono'
import { tasks } from '../../db/schema/tasks.ts'
import { type TenantId, unverified } from '../../src/context/index.ts'
import type { TenantDatabase } from '../../src/database/index.ts'
import { createErrorHandler } from '../../src/errors/index.ts'
import { header, tenant } from '../../src/resolution/index.ts'
import { newTenant, tenantIds } from '../tenants.ts'
import { createTenant, descriptionsOf, expired, openSigned, openUnsigned, wrong } from './stage.ts'
import { wholeStatements } from './whole-statements.ts'

// What holds within the attacker's own transaction. What the statement may leave behind on the connection is another matter:
// SECURITY.md, "SQL injection".

const signed = await openSigned()
const unsigned = await openUnsigned()

/** An app with a worse defect: it runs input as a statement, then lists the tasks. */
function createInjectableApp(db: TenantDatabase) {
  const app = new Hono()
  app.onError(createErrorHandler())
  app.use(tenant({ from: header('X-Tenant-Id'), auth: unverified(), ...tenantIds }))
  app.post('/run', async (c) => {
    const statement = sql.raw(await c.req.text())
    return c.json(await db.write(async (tx) => [await tx.execute(statement), await tx.select().from(tasks)]))
  })
  return app
}

/** Lets a tenant run a statement, and returns what came of it. */
async function attack(db: TenantDatabase, textFor: (other: TenantId) => string) {
  const [own, other] = [await createTenant(db), await createTenant(db)]
  const headers = { 'X-Tenant-Id': own.id }
  const response = await createInjectableApp(db).request('/run', { method: 'POST', body: textFor(other.id), headers })
  return {
    isRead: (await response.text()).includes(other.mark),
    isChanged: JSON.stringify(await descriptionsOf(db, other.id)) !== '[{"description":null}]',
  }
}

const names = wholeStatements({ other: newTenant() as TenantId, expired, wrong }) // newTenant() returns canonical ids

describe.each(names)('an injected whole statement: $name', ({ name, worksUnsigned }) => {
  const textFor = (other: TenantId) =>
    wholeStatements({ other, expired, wrong }).find((statement) => statement.name === name)?.text ?? ''

  test('reaches no row of another tenant in its transaction with a signed tenant context', async () => {
    expect(await attack(signed, textFor)).toEqual({ isRead: false, isChanged: false })
  })

  test(`reaches ${worksUnsigned ? 'rows' : 'no row'} of another tenant without a signature`, async () => {
    const { isRead, isChanged } = await attack(unsigned, textFor)
    expect(isRead || isChanged).toBe(worksUnsigned)
  })
})
