import { describe, expect, test } from 'bun:test'
import { createCheckpointSigner, createSigningKey, readCheckpoint, verifyExport } from '../../../src/audit/index.ts'
import { readEntries } from '../../../src/audit/stored-log.ts'
import { addOldMonth, addUsers, asAttacker, openAudited } from '../../audit/stored-logs.ts'

describe('the log of a tenant', () => {
  test('is verified with its checkpoint, page by page', async () => {
    const { owner, work, verify } = await openAudited()
    const tenants = [await addUsers(owner, 2500), await addUsers(owner, 1), await addUsers(owner, 7)]
    await work()
    const reports = await verify()
    expect(reports.map(({ tenantId }) => tenantId)).toEqual(tenants.toSorted())
    for (const [tenant, size] of [
      [tenants[0], 2500],
      [tenants[1], 1],
      [tenants[2], 7],
    ])
      expect(reports.find(({ tenantId }) => tenantId === tenant)).toMatchObject({
        ...{ size, erased: 0, pruned: 0, uncovered: 0, problem: undefined },
      })
  })

  test('grows by batches of the worker, and keeps what it has', async () => {
    const { owner, work, verify, checkpoint } = await openAudited()
    const tenant = await addUsers(owner, 5)
    await work(2)
    const saved = await checkpoint(tenant)
    await addUsers(owner, 6, tenant)
    await owner`update users set name = 'Eve' where tenant_id::text = ${tenant}`
    await owner`delete from users where tenant_id::text = ${tenant}`
    await work(4)
    expect(await verify({ checkpoints: [saved] })).toMatchObject([{ size: 33, problem: undefined }])
  })

  test('has entries that are not signed yet', async () => {
    const { owner, work, verify, connections } = await openAudited()
    const tenant = await addUsers(owner, 3)
    await work()
    await addUsers(owner, 2, tenant)
    expect(await verify()).toMatchObject([{ size: 3, uncovered: 0, problem: undefined }])
    await owner`select tenancy.append_audit_logs(10)`
    expect(await verify()).toMatchObject([{ size: 3, uncovered: 2, problem: undefined }])
    expect(connections).toBeDefined()
  })

  test('says when it was signed, and by which key', async () => {
    const { owner, work, signer, checkpoint } = await openAudited()
    const tenant = await addUsers(owner, 3)
    const before = new Date().toISOString()
    await work()
    const read = readCheckpoint(await checkpoint(tenant), [signer.verifierKey])
    expect(read).toMatchObject({ tenantId: tenant, size: 3 })
    expect('at' in read && read.at !== undefined && read.at >= before).toBe(true)
  })

  test('is not signed again until it grows', async () => {
    const { owner, work, checkpoint } = await openAudited()
    const tenant = await addUsers(owner, 3)
    await work()
    const first = await checkpoint(tenant)
    await work()
    expect(await checkpoint(tenant)).toBe(first)
  })

  test('is verified after values were erased and months were pruned', async () => {
    const { owner, work, verify } = await openAudited()
    const tenant = await addUsers(owner, 4)
    await addOldMonth(owner)
    await asAttacker(owner, `update tenancy.audit_queue set at = '2020-01-15' where tenant_id = '${tenant}'`)
    await addUsers(owner, 4, tenant)
    await work()
    const [{ id } = {}] = await owner`select target_id as id from tenancy.audit_entries where position = 6`
    await owner`select tenancy.erase_audit_changes(${tenant}, 'users', ${String(id)})`
    expect(await verify()).toMatchObject([{ size: 8, erased: 1, pruned: 0, problem: undefined }])
    await owner`select tenancy.prune_audit(now())`
    expect(await verify()).toMatchObject([{ size: 8, erased: 1, pruned: 4, problem: undefined }])
  })

  test('is what an export verifies', async () => {
    const { owner, connection, work, checkpoint, signer } = await openAudited()
    const tenant = await addUsers(owner, 5)
    await work()
    const lines: string[] = []
    for await (const entry of readEntries(connection, tenant)) lines.push(JSON.stringify(entry))
    const report = await verifyExport({ lines, checkpoints: [await checkpoint(tenant)], keys: [signer.verifierKey] })
    expect(report).toMatchObject({ tenantId: tenant, size: 5, problem: undefined })
  })

  test('of one tenant is verified alone, and of an unknown one not at all', async () => {
    const { owner, work, verify } = await openAudited()
    const tenant = await addUsers(owner, 2)
    await addUsers(owner, 2)
    await work()
    expect((await verify({ tenantId: tenant })).map(({ tenantId }) => tenantId)).toEqual([tenant])
    expect(await verify({ tenantId: 'nobody' })).toEqual([])
  })
})

/** Two tenants with 10 entries, signed at 4 and at 10; the first checkpoint was kept elsewhere. */
async function openTampered() {
  const audited = await openAudited()
  const { owner, work, checkpoint } = audited
  const [tenant, other] = [await addUsers(owner, 4), await addUsers(owner, 4)]
  await work()
  const first = await checkpoint(tenant)
  for (const each of [tenant, other]) await addUsers(owner, 6, each)
  await work()
  const saved = [first, await checkpoint(tenant)]
  return {
    ...{ ...audited, tenant, saved },
    /** The report of the tenant. The other one must be right. */
    async after(text: string, checkpoints: string[] = []) {
      await asAttacker(owner, text.replaceAll('$1', `'${tenant}'`))
      const reports = await audited.verify({ checkpoints })
      expect(reports.find(({ tenantId }) => tenantId === other)).toMatchObject({ size: 10, problem: undefined })
      return reports.find(({ tenantId }) => tenantId === tenant)?.problem
    },
  }
}

describe('what an owner of the database does to a log is found', () => {
  test('a changed entry, in the range that a kept checkpoint leaves', async () => {
    const { after, saved } = await openTampered()
    const change = `update tenancy.audit_entries set actor = 'eve' where tenant_id = $1 and position = 7`
    expect(await after(change)).toMatchObject({ code: 'root', from: 1, to: 10 })
    expect(await after(change, saved)).toMatchObject({ code: 'root', from: 5, to: 10 })
  })

  test('changed values, at their entry', async () => {
    const { after } = await openTampered()
    const change = `update tenancy.audit_entries set changes = '{"name": {"from": null, "to": "Eve"}}' where tenant_id = $1 and position = 7`
    expect(await after(change)).toMatchObject({ code: 'changes', from: 7, to: 7 })
  })

  test('values that no trigger writes', async () => {
    const { after } = await openTampered()
    const change = `update tenancy.audit_entries set changes = '{"name": 1}' where tenant_id = $1 and position = 7`
    expect(await after(change)).toMatchObject({ code: 'unreadable', from: 7, to: 7 })
  })

  test('a removed entry', async () => {
    const { after } = await openTampered()
    expect(await after('delete from tenancy.audit_entries where tenant_id = $1 and position = 7')).toMatchObject({
      ...{ code: 'missing', from: 7, to: 7 },
    })
  })

  test('an entry that takes the place of another one', async () => {
    const { after } = await openTampered()
    const change = `delete from tenancy.audit_entries where tenant_id = $1 and position = 7;
      update tenancy.audit_entries set position = position - 1 where tenant_id = $1 and position > 7;
      update tenancy.audit_logs set size = 9 where tenant_id = $1`
    expect((await after(change))?.code).toMatch(/^(root|missing)$/)
  })

  test('an added entry', async () => {
    const { after } = await openTampered()
    const change = `insert into tenancy.audit_entries
      (tenant_id, id, at, position, action, resource, source, changes, salt, changes_hash, xid)
      select tenant_id, gen_random_uuid(), at, 7, 'deleted', resource, source, changes, salt, changes_hash, xid
      from tenancy.audit_entries where tenant_id = $1 and position = 7`
    expect(await after(change)).toMatchObject({ code: 'duplicate', from: 7, to: 7 })
  })

  test('entries and checkpoints that were removed together, by a checkpoint that was kept', async () => {
    const { after, saved } = await openTampered()
    const change = `delete from tenancy.audit_entries where tenant_id = $1;
      delete from tenancy.audit_logs where tenant_id = $1; delete from tenancy.audit_checkpoints where tenant_id = $1`
    expect(await after(change)).toBeUndefined()
    expect(await after(change, saved)).toMatchObject({ code: 'missing', from: 1, to: 10 })
  })

  test('a log that was removed and a checkpoint that was left', async () => {
    const { after } = await openTampered()
    const change = `delete from tenancy.audit_entries where tenant_id = $1; delete from tenancy.audit_logs where tenant_id = $1`
    expect(await after(change)).toMatchObject({ code: 'missing', from: 1, to: 10 })
  })

  test('history that was written again and signed by the worker, by a checkpoint that was kept', async () => {
    const { after, saved, owner, work, tenant, verify } = await openTampered()
    await asAttacker(
      owner,
      `delete from tenancy.audit_checkpoints where tenant_id = '${tenant}';
      delete from tenancy.audit_logs where tenant_id = '${tenant}';
      insert into tenancy.audit_queue (tenant_id, id, at, action, resource, target_id, actor, source, before, after, xid)
        select tenant_id, id, at, action, resource, target_id, 'eve', source, '{}', '{}', xid from tenancy.audit_entries
        where tenant_id = '${tenant}';
      delete from tenancy.audit_entries where tenant_id = '${tenant}'`,
    )
    await work()
    expect((await verify({ tenantId: tenant }))[0]).toMatchObject({ size: 10, problem: undefined })
    expect(await after('', saved)).toMatchObject({ code: 'root', from: 1, to: 4 })
  })

  test('a tree that does not belong to the entries', async () => {
    const { after } = await openTampered()
    const other = `update tenancy.audit_logs set trees[1] = '\\x${'00'.repeat(32)}' where tenant_id = $1`
    expect(await after(other)).toMatchObject({ code: 'root', message: expect.stringContaining('tenancy.audit_logs') })
    expect(await after(`update tenancy.audit_logs set trees = '{}' where tenant_id = $1`)).toMatchObject({
      ...{ code: 'root', from: 1, to: 10, message: 'tenancy.audit_logs does not have the trees of a log of 10' },
    })
  })

  test('a checkpoint that was changed, is of another tenant or of another key', async () => {
    const { after, verify, tenant } = await openTampered()
    const changed = `update tenancy.audit_checkpoints set note = replace(note, E'\\n10\\n', E'\\n11\\n') where tenant_id = $1`
    const where = 'A checkpoint in tenancy.audit_checkpoints'
    expect(await after(changed)).toEqual({ code: 'checkpoint', message: `${where} has a wrong signature` })
    const stolen = `update tenancy.audit_checkpoints set note =
      (select note from tenancy.audit_checkpoints where tenant_id <> $1) where tenant_id = $1`
    expect(await after(stolen)).toEqual({ code: 'checkpoint', message: `${where} is of another tenant` })
    const keys = [createCheckpointSigner({ key: createSigningKey() }).verifierKey]
    expect((await verify({ keys, tenantId: tenant }))[0]?.problem).toEqual({
      ...{ code: 'checkpoint', message: `${where} has no signature of a given key` },
    })
  })

  test('a given checkpoint that is not valid has a report of its own', async () => {
    const { verify, saved } = await openTampered()
    const [first] = await verify({ checkpoints: [String(saved[0]).replace('\n4\n', '\n5\n')] })
    expect(first).toMatchObject({ tenantId: '', problem: { message: 'Checkpoint 1 has a wrong signature' } })
  })
})

test('an entry that is there twice is found wherever a page ends', async () => {
  const { owner, connection, work } = await openAudited()
  const tenant = await addUsers(owner, 12)
  await work()
  await asAttacker(
    owner,
    `insert into tenancy.audit_entries
    (tenant_id, id, at, position, action, resource, source, changes, salt, changes_hash, xid)
    select tenant_id, gen_random_uuid(), at, position, action, resource, source, changes, salt, changes_hash, xid
    from tenancy.audit_entries where tenant_id = '${tenant}' and position in (4, 8)`,
  )
  for (const size of [1, 2, 3, 4, 5, 7, 8, 9, 14, 100]) {
    const positions: unknown[] = []
    for await (const entry of readEntries(connection, tenant, size)) positions.push(entry?.position)
    const twice = size === 1 ? [] : [4, 8] // a page of one entry cannot show two
    expect(positions).toEqual(
      [...Array.from({ length: 12 }, (_, at) => at + 1), ...twice].toSorted((a, b) => Number(a) - Number(b)),
    )
  }
})
