import { describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import { eq, sql } from 'drizzle-orm'
import { loadRowhouseConfig } from '../../../src/cli/config.ts'
import { withTenant } from '../../../src/context/index.ts'
import { createIsolationCheck } from '../../../src/isolation/index.ts'
import { migrate } from '../../../src/migrate/index.ts'
import { foreign, initialised } from '../../cli/foreign/project.ts'
import { countries, jobs, members, orders } from '../../cli/foreign/schema.ts'
import { asOwner, createBareDatabase, open } from '../../database.ts'
import { sqlstateOf } from '../../db/app-user.ts'
import { newTenant } from '../../tenants.ts'

// A project with another schema, protected by the SQL that `rowhouse init` wrote for it, on a real server.
const project = await loadRowhouseConfig({}, foreign.folder)
const { tenantColumn, shared } = project
const database = await createBareDatabase()
const owner = asOwner(database)
const applied = await migrate({ ...project, url: database.ownerUrl })
const db = open(database, 2)

/** A tenant with a member and an order. */
async function createTenant() {
  const tenantId = newTenant()
  const ids = await withTenant(tenantId, () =>
    db.write(async (tx) => {
      const [member] = await tx.insert(members).values({ email: 'ada@example.org', nick: 'ada' }).returning()
      const memberId = member?.id ?? ''
      const [order] = await tx.insert(orders).values({ orgId: tenantId, memberId, amount: '2.50' }).returning()
      return { memberId, orderId: order?.id ?? 0 }
    }),
  )
  const as = <T>(work: () => Promise<T>) => withTenant(tenantId, work)
  return { tenantId, as, ...ids }
}

describe('the tables of a foreign project after rowhouse init', () => {
  test('are created by rowhouse migrate', () => {
    expect(initialised).toMatchObject({ code: 0, stderr: '' })
    expect(applied).toEqual(['drizzle/0000_all.sql'])
  })

  test('pass the isolation check except for a warning about each identity column', async () => {
    const isolation = createIsolationCheck({ url: database.appUrl, tenantColumn, shared })
    const findings = (await isolation.inspect()).filter(({ check }) => check !== 'server-release')
    await isolation.close()
    expect(findings.map(({ check, problem }) => [check, problem])).toEqual([
      ['identity-column', expect.stringContaining('its column "serial number"')],
      ['identity-column', expect.stringContaining('its column id')],
    ])
  })

  test('can be migrated again, which changes nothing and does not wait for writers', async () => {
    const everything = () => owner`select oid, relname, relacl, relrowsecurity, relforcerowsecurity from pg_class
      where relnamespace in ('"weird.name"'::regnamespace, 'crm'::regnamespace, 'public'::regnamespace) order by oid`
    const before = [...(await everything())]
    await owner.begin(async (tx) => {
      await tx`lock table "weird.name"."Order", crm.members in row exclusive mode`
      expect(await migrate({ ...project, url: database.ownerUrl })).toEqual([])
    })
    expect([...(await everything())]).toEqual(before)
  })

  test('show a tenant its own rows only', async () => {
    const [one, two] = [await createTenant(), await createTenant()]
    const seen = await two.as(() => db.read((tx) => tx.select().from(orders)))
    expect(seen.map(({ orgId, memberId }) => [orgId, memberId])).toEqual([[two.tenantId, two.memberId]])
    const found = await two.as(() => db.read((tx) => tx.select().from(members).where(eq(members.id, one.memberId))))
    expect(found).toEqual([])
  })

  test("reject an insert into another tenant, and a reference to another tenant's row", async () => {
    const [one, two] = [await createTenant(), await createTenant()]
    const insert = (orgId: string, memberId: string) =>
      two.as(() => db.write((tx) => tx.insert(orders).values({ orgId, memberId, amount: '1' })))
    expect(await sqlstateOf(insert(one.tenantId, one.memberId))).toBe('42501')
    expect(await sqlstateOf(insert(two.tenantId, one.memberId))).toBe('23503')
  })

  test("keep another tenant's rows through an update or delete without a filter, and reject a change of tenant", async () => {
    const [one, two] = [await createTenant(), await createTenant()]
    await two.as(() => db.write((tx) => tx.update(orders).set({ amount: '0' })))
    await two.as(() => db.write((tx) => tx.update(members).set({ nick: 'taken' })))
    await two.as(() => db.write((tx) => tx.delete(orders)))
    const [row] = await one.as(() => db.read((tx) => tx.select().from(orders)))
    const [member] = await one.as(() => db.read((tx) => tx.select().from(members)))
    expect([row?.id, row?.amount, member?.nick]).toEqual([one.orderId, '2.50', 'ada'])
    const give = () => db.write((tx) => tx.update(members).set({ orgId: one.tenantId }))
    expect(await sqlstateOf(two.as(give))).toBe('42501')
  })

  test('let every tenant read a shared table, and no tenant write it', async () => {
    await owner`insert into countries values ('nl', 'Netherlands')`
    const { as } = await createTenant()
    expect(await as(() => db.read((tx) => tx.select().from(countries)))).toHaveLength(1)
    expect(await sqlstateOf(as(() => db.write((tx) => tx.delete(countries))))).toBe('42501')
  })

  test('deny access to a table that is neither protected nor shared', async () => {
    const { as } = await createTenant()
    expect(initialised.stdout).toMatch(
      /^public\.jobs: 1 warning\n.*\n +it has no column Org Id, and is neither shared nor unreachable/m,
    )
    expect(await sqlstateOf(as(() => db.read((tx) => tx.select().from(jobs))))).toBe('42501')
  })

  test('have an index for the foreign key between them', async () => {
    const [index] = await owner`select pg_get_indexdef('"weird.name"."Order_Org Id_memberId_idx"'::regclass) as text`
    expect(index?.text).toEndWith('("Org Id", "memberId")')
  })

  test('get a default for a tenant column without one', async () => {
    const { tenantId, as, memberId } = await createTenant()
    const insert = sql`insert into ${orders} ("memberId", amount) values (${memberId}, 3)`
    await as(() => db.write((tx) => tx.execute(insert)))
    const rows = await owner`select count(*)::int as count from "weird.name"."Order" where "Org Id" = ${tenantId}`
    expect(rows[0]?.count).toBe(2)
  })
})

describe('the code that rowhouse init prints', () => {
  /** Starts the printed service, and prints the status of a request without a token. */
  async function run(url: string) {
    const [, block = ''] = initialised.stdout.split('Use the tables in the service:')
    const source = join(import.meta.dir, '../../../src')
    const code = block
      .replaceAll("'rowhouse'", `'${source}/index.ts'`)
      .replace("'rowhouse/auth'", `'${source}/auth/index.ts'`)
    const [, route = ''] = code.match(/app\.get\('([^']+)'/) ?? []
    const file = join(foreign.folder, `service-${crypto.randomUUID()}.ts`)
    await Bun.write(file, `${code}\nconsole.log((await app.request('${route}')).status)\nprocess.exit()`)
    const { PATH = '' } = process.env
    const env = { PATH, DATABASE_URL: url }
    const { stdout, stderr } = Bun.spawn([process.execPath, file], { env, stdout: 'pipe', stderr: 'pipe' })
    return { stdout: await new Response(stdout).text(), stderr: await new Response(stderr).text() }
  }

  test('rejects a request without a token', async () => {
    expect(await run(database.appUrl)).toEqual({ stdout: '401\n', stderr: '' })
  })

  test('does not start with the login of a superuser', async () => {
    const { stdout, stderr } = await run(database.ownerUrl)
    expect(stdout).toBe('')
    expect(stderr).toContain('the serving role is a superuser')
  })
})
