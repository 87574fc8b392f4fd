import { describe, expect, test } from 'bun:test'
import type { TenantId } from '../../src/context/index.ts'
import { createTenantSigner } from '../../src/database/index.ts'
import { migrate } from '../../src/migrate/index.ts'
import { asOwner, createDatabase } from '../database.ts'
import { newTenant, project } from '../tenants.ts'
import { addUserWithTask, as, type Caller, logOf, servingOn } from './log.ts'

// What injected SQL can do to the audit trail and the trash of its own tenant: SECURITY.md, "SQL injection". Each leaves an entry. A test that
// turns red here is good news for that page.

const secret = 'one secret of this test, 40 characters..'
const signer = createTenantSigner(secret)
const databases = { without: await createDatabase(), with: await createDatabase() }
await migrate({ ...project, url: databases.with.ownerUrl, signingSecrets: [secret] })

describe.each(['without', 'with'] as const)('%s the signed tenant context, a statement', (kind) => {
  const database = databases[kind]
  const [owner, app] = [asOwner(database), servingOn(database)]

  async function start() {
    const tenant = newTenant() as TenantId // newTenant() gives a canonical id
    const about = { actor: 'mallory', requestId: 'r-1' }
    const caller: Caller = {
      tenant: kind === 'with' ? signer(tenant, about) : tenant,
      actor: 'mallory',
      request: 'r-1',
    }
    const { user, task } = await addUserWithTask(tenant, app, caller)
    const entry = async (action: string) => (await logOf(tenant, owner)).find((one) => one.action === action)
    return { tenant, user, task, entry, run: (text: string) => as<{ n: number }>(caller, text, app) }
  }

  test('can restore a row with other values, which stand in its entry', async () => {
    const { user, task, entry, run } = await start()
    await run(`delete from tasks; select tenancy.take_from_trash('tasks', '${task}');
      insert into tasks (id, title, user_id) values ('${task}', 'Forged', '${user}'); select tenancy.leave_trash()`)
    expect(await entry('restored')).toMatchObject({
      ...{ target_id: task, actor: 'mallory', request_id: 'r-1' },
      changes: { title: { from: null, to: 'Forged' } },
    })
  })

  test('can write an event of its own, also one that says that a request was undone', async () => {
    const { entry, run } = await start()
    await run(`select tenancy.audit_event('request.undone', 'requests', 'r-0', '{"by": {"from": null, "to": "ada"}}')`)
    expect(await entry('request.undone')).toMatchObject({
      ...{ target_id: 'r-0', source: 'event', actor: 'mallory', request_id: 'r-1' },
    })
  })

  test('can empty the trash of its tenant, with an entry', async () => {
    const { tenant, task, entry, run } = await start()
    await run('delete from tasks')
    await run(`select tenancy.discard(resource, target_id) as n from tenancy.trash`)
    const left = await owner`select count(*)::int as n from tenancy.trash where tenant_id = ${tenant}`
    expect(left[0]?.n).toBe(0)
    expect(await entry('purged')).toMatchObject({ target_id: task, actor: 'mallory', request_id: 'r-1' })
  })
})
