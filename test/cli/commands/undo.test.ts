import { expect, test } from 'bun:test'
import { sql } from 'drizzle-orm'
import { resumeTenant } from '../../../src/context/index.ts'
import { createPool, createTenantDatabase, createTenantSigner } from '../../../src/database/index.ts'
import { migrate } from '../../../src/migrate/index.ts'
import { asOwner, closeAfterwards, createBareDatabase, createDatabase, type TestDatabase } from '../../database.ts'
import { newTenant, project, tenantIds, tenantIdType } from '../../tenants.ts'
import { rowhouse } from '../run.ts'

const database = await createDatabase()
const owner = asOwner(database)

function openAs({ appUrl }: TestDatabase, secret?: string) {
  const signer = secret === undefined ? undefined : createTenantSigner(secret)
  const db = createTenantDatabase({ connections: createPool({ url: appUrl, size: 1 }), signer, ...tenantIds })
  closeAfterwards(db)
  return db
}
const db = openAs(database)

/** Runs a statement as a request of a tenant, and returns its id. */
async function request(
  tenant: string,
  text: string,
  on = db,
  requestId: string = crypto.randomUUID(),
): Promise<string> {
  const as = { tenant: { id: tenant, requestId }, payload: undefined }
  await resumeTenant(as, () => on.write((tx) => tx.execute(sql.raw(text))), tenantIds)
  return requestId
}

const undo = (...parameters: string[]) =>
  rowhouse(['undo', ...parameters, '--tenant-id', tenantIdType], { env: { DATABASE_URL: database.appUrl } })

const namesOf = async (tenant: string, on = owner) =>
  (await on`select name from users where tenant_id = ${tenant} order by name`).map(({ name }) => name)

const insert = `insert into users (email, name) values ('ada@a.example', 'Ada')`

test('rowhouse undo finds no request of another tenant, and changes nothing', async () => {
  const [own, other] = [newTenant(), newTenant()]
  const id = await request(own, insert)
  const { code, stdout, stderr } = await undo(id, '--tenant', other)
  expect([code, stdout, stderr]).toEqual([2, '', `Tenant ${other} has no request ${id} that changed anything\n`])
  expect(await namesOf(own)).toEqual(['Ada'])
})

test('rowhouse undo takes back a request, prints its changes, and is a request that can be undone', async () => {
  const tenant = newTenant()
  await request(tenant, insert)
  const id = await request(tenant, `update users set name = 'Eve'`)
  const { code, stdout } = await undo(id, '--tenant', tenant, '--json')
  expect([code, await namesOf(tenant)]).toEqual([0, ['Ada']])
  const { requestId, changes } = JSON.parse(stdout)
  expect(changes).toEqual([{ resource: 'users', id: expect.any(String), action: 'updated' }])
  const [entry] = await owner`
    select actor, source from tenancy.audit_trail where tenant_id = ${tenant} and request_id = ${requestId} and action = 'updated'`
  expect(entry).toEqual({ actor: 'cli', source: 'request' })
  const again = await undo(requestId, '--tenant', tenant, '--actor', 'grace')
  expect([again.code, await namesOf(tenant)]).toEqual([0, ['Eve']])
  expect(again.stdout).toMatch(/^updated users \S+\nUndone: cli-\S+\. This undo is the request cli-\S+\.\n$/)
})

test('rowhouse undo --dry-run prints the same and changes nothing', async () => {
  const tenant = newTenant()
  const id = await request(tenant, insert)
  const { code, stdout } = await undo(id, '--tenant', tenant, '--dry-run')
  expect([code, stdout]).toEqual([0, expect.stringMatching(/^deleted users \S+\nA dry run: nothing was changed\.\n$/)])
  expect(await namesOf(tenant)).toEqual(['Ada'])
  const [row] = await owner`select count(*)::int as entries from tenancy.audit_trail where tenant_id = ${tenant}`
  expect(row?.entries).toBe(1)
})

test('rowhouse undo exits with 1 and names what stands in the way', async () => {
  const tenant = newTenant()
  const id = await request(tenant, insert)
  await request(tenant, `update users set name = 'Eve'`)
  const text = await undo(id, '--tenant', tenant)
  expect([text.code, text.stdout]).toEqual([
    1,
    expect.stringMatching(
      /^users\/\S+: Another request changed the row later\nSomething stands in the way of the undo\n$/,
    ),
  ])
  const json = await undo(id, '--tenant', tenant, '--json', '--dry-run')
  expect([json.code, JSON.parse(json.stdout).problems[0].code]).toEqual([1, 'changed_later'])
  expect(await namesOf(tenant)).toEqual(['Eve'])
})

test('rowhouse undo --all takes back all transactions of an id', async () => {
  const tenant = newTenant()
  const id = await request(tenant, insert)
  await request(tenant, `update users set name = 'Eve'`, db, id)
  expect(await undo(id, '--tenant', tenant)).toMatchObject({
    code: 1,
    stdout: expect.stringContaining('names several transactions'),
  })
  expect((await undo(id, '--tenant', tenant, '--all')).code).toBe(0)
  expect(await namesOf(tenant)).toEqual([])
})

test('rowhouse undo finds a tenant by its slug', async () => {
  const tenant = newTenant()
  const slug = `t${crypto.randomUUID()}`
  await owner`insert into tenancy.tenants (id, slug, name) values (${tenant}, ${slug}, 'Acme')`
  const id = await request(tenant, insert)
  expect((await undo(id, '--tenant', slug)).code).toBe(0)
  expect(await namesOf(tenant)).toEqual([])
})

test('rowhouse undo signs the tenant where the database asks for it', async () => {
  const signed = await createBareDatabase()
  const secret = 's'.repeat(32)
  await migrate({ ...project, url: signed.ownerUrl, signingSecrets: [secret] })
  const tenant = newTenant()
  const id = await request(tenant, insert, openAs(signed, secret))
  const run = (env: Record<string, string>) =>
    rowhouse(['undo', id, '--tenant', tenant, '--tenant-id', tenantIdType], {
      env: { DATABASE_URL: signed.appUrl, ...env },
    })
  expect((await run({})).code).toBe(2)
  expect((await run({ TENANT_SIGNING_KEY: secret })).code).toBe(0)
  expect(await namesOf(tenant, asOwner(signed))).toEqual([])
})

test('rowhouse undo exits with 2 when it cannot run', async () => {
  const parameters = ['undo', 'x', '--tenant', newTenant(), '--tenant-id', tenantIdType]
  expect(await rowhouse(parameters)).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('DATABASE_URL is not set'),
  })
  expect(await undo('x', '--tenant', 'no_such')).toMatchObject({ code: 2 })
  expect(await undo('x')).toMatchObject({ code: 2, stderr: expect.stringContaining('--tenant') })
  const away = await rowhouse(parameters, { env: { DATABASE_URL: 'postgres://app_user:s3cret@127.0.0.1:1/d' } })
  expect(away.code).toBe(2)
  expect(away.stderr).not.toContain('s3cret')
})
