import { expect, test } from 'bun:test'
import { addOldMonth, addUsers, asAttacker, openAudited } from '../../audit/stored-logs.ts'
import { createBareDatabase } from '../../database.ts'
import { newTenant, tenantIdType } from '../../tenants.ts'
import { rowhouse } from '../run.ts'

// Each test drops months or erases entries, so it has a database of its own.
const open = async () => {
  const audited = await openAudited()
  const env = { DATABASE_OWNER_URL: audited.database.ownerUrl, AUDIT_SIGNING_KEY: audited.key }
  return { ...audited, env, audit: (...parameters: string[]) => rowhouse(['audit', ...parameters], { env }) }
}
type Audited = Awaited<ReturnType<typeof open>>

/** Adds entries of January 2020. */
async function addOldEntries({ owner }: Audited, count: number, tenant?: string): Promise<string> {
  await addOldMonth(owner)
  const of = await addUsers(owner, count, tenant)
  await asAttacker(owner, `update tenancy.audit_queue set at = '2020-01-31 23:59:59Z' where tenant_id = '${of}'`)
  return of
}
const countEntries = async ({ owner }: Audited, tenant: string) =>
  (await owner`select count(*)::int as n from tenancy.audit_entries where tenant_id = ${tenant}`)[0]?.n

test('rowhouse audit prune drops the months that ended before the time, and what is left is verified', async () => {
  const audited = await open()
  const tenant = await addOldEntries(audited, 3)
  await addUsers(audited.owner, 2, tenant)
  await audited.work()
  const dry = await audited.audit('prune', '--older-than', '400d', '--dry-run')
  expect([dry.code, dry.stdout.split('\n')[0]]).toEqual([0, 'Would drop audit_entries_2020_01'])
  expect(await countEntries(audited, tenant)).toBe(5)
  expect(await audited.audit('prune', '--older-than', '400d')).toEqual({
    ...{ code: 0, stdout: 'Dropped audit_entries_2020_01\n', stderr: '' },
  })
  expect(await countEntries(audited, tenant)).toBe(2)
  expect((await audited.audit('verify')).stdout).toBe(`ok        ${tenant}  5 entries are as signed, 3 pruned\n`)
  expect((await audited.audit('prune', '--older-than', '400d')).stdout).toStartWith('No month ended more than 400d ago')
})

test('rowhouse audit prune keeps a month that is not older', async () => {
  const audited = await open()
  const tenant = await addOldEntries(audited, 1)
  await audited.work()
  expect((await audited.audit('prune', '--older-than', '999999h')).stdout).toStartWith('No month ended')
  expect(await countEntries(audited, tenant)).toBe(1)
  expect((await audited.audit('prune', '--older-than', '1h')).stdout).toBe('Dropped audit_entries_2020_01\n')
})

test('rowhouse audit erase erases the values of one row of one tenant, and the proof holds', async () => {
  const audited = await open()
  const { owner } = audited
  const [tenant, other] = [await addUsers(owner, 2), await addUsers(owner, 1)]
  await audited.work()
  const [entry] = await owner`select target_id from tenancy.audit_entries where tenant_id = ${tenant} limit 1`
  const target = String(entry?.target_id)
  const erase = (of: string) => audited.audit('erase', '--tenant', of, '--resource', 'users', '--target', target)
  expect((await erase(other)).stdout).toBe(`Erased the values of 0 entries of users ${target}.\n`)
  expect(await erase(tenant)).toEqual({
    ...{ code: 0, stdout: `Erased the values of 1 entry of users ${target}.\n`, stderr: '' },
  })
  const left =
    await owner`select target_id, changes is null as erased from tenancy.audit_entries order by changes is null`
  expect(left.map(({ erased }) => erased)).toEqual([false, false, true])
  expect(left.at(-1)?.target_id).toBe(target)
  const { code, stdout } = await audited.audit('verify')
  expect([code, stdout]).toEqual([0, expect.stringContaining(`${tenant}  2 entries are as signed, 1 erased\n`)])
})

test.each([
  'prune --older-than 400d',
  'prune --older-than 400d --dry-run',
  `erase --tenant ${newTenant()} --resource users --target 1`,
])('it exits with 2 and the remedy when it cannot run: rowhouse audit %s', async (line) => {
  const { database, owner } = await open()
  const parameters = line.split(' ')
  await addOldMonth(owner)
  const failure = async (url?: string) => {
    const { code, stdout, stderr } = await rowhouse(['audit', ...parameters], {
      env: url ? { DATABASE_OWNER_URL: url } : {},
    })
    expect([code, stdout]).toEqual([2, ''])
    return stderr
  }
  expect(await failure()).toStartWith('DATABASE_OWNER_URL is not set: ')
  expect(await failure((await createBareDatabase()).ownerUrl)).toMatch(/rowhouse migrate" first\n$/)
  if (!parameters.includes('--dry-run'))
    expect(await failure(database.appUrl)).toMatch(/log in as the owner of the database\n$/)
})

test('a time and a row that are not given or malformed are refused by name', async () => {
  const { audit } = await open()
  const messageOf = async (...parameters: string[]) => {
    const { code, stderr } = await audit(...parameters)
    expect(code).toBe(2)
    return stderr
  }
  expect(await messageOf('prune')).toContain("'--older-than <duration>' not specified")
  expect(await messageOf('prune', '--older-than', '1y')).toContain('It must be a whole number of hours or days')
  expect(await messageOf('erase', '--tenant', newTenant(), '--target', '1')).toContain(
    "'--resource <name>' not specified",
  )
  if (tenantIdType !== 'text')
    expect(await messageOf('erase', '--tenant', 'acme', '--resource', 'users', '--target', '1')).toBe(
      '--tenant acme is no id of a tenant here\n',
    )
})
