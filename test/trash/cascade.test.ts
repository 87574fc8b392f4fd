import { describe, expect, test } from 'bun:test'
import { and, eq, sql } from 'drizzle-orm'
import { discard, restore } from '../../src/trash/index.ts'
import { files, folders, listDeleted, newKitTenant, owner, pins } from './tables.ts'

/** A tenant with the folders a, a/b and c, a file in each, and a pin on a and on c. */
async function withFolders() {
  const one = newKitTenant()
  await one.write(async (tx) => {
    await tx.insert(folders).values([{ id: 'a' }, { id: 'b', parent: 'a' }, { id: 'c' }])
    await tx.insert(files).values(['a', 'b', 'c'].map((folder) => ({ folder, name: `in ${folder}`, size: 2 })) as never)
    await tx.insert(pins).values([
      { id: 1, folder: 'a', note: 'mine' },
      { id: 2, folder: 'c' },
    ])
  })
  const all = async () => ({
    folders: await one.rows('folders'),
    files: await one.rows('files'),
    pins: await one.rows('pins'),
  })
  const remove = (id: string) => one.write((tx) => tx.delete(folders).where(eq(folders.id, id)))
  const restoring = (id: string) => one.write((tx) => restore(tx, folders, id))
  return { ...one, all, remove, restoring }
}

test('what fell by a cascade comes back with its cause, with references that were set to null, at every level', async () => {
  const { all, remove, restoring, trash } = await withFolders()
  const before = await all()
  await remove('a')
  expect((await all()).folders).toEqual([{ id: 'c', parent: null }])
  expect((await trash()).map((one) => one.split(' ')[0])).toEqual(['files', 'files', 'folders', 'folders', 'pins'])
  expect(await restoring('a')).toMatchObject({ id: 'a', parent: null })
  expect(await all()).toEqual(before)
  expect(await trash()).toEqual([])
})

test.each(['in two transactions', 'in one transaction'])(
  'what was deleted before its cause stays deleted, %s',
  async (how) => {
    const { write, remove, restoring, rows, trash } = await withFolders()
    if (how === 'in two transactions') {
      await remove('b')
      await remove('a')
    } else
      await write(async (tx) => {
        await tx.delete(folders).where(eq(folders.id, 'b'))
        await tx.delete(folders).where(eq(folders.id, 'a'))
      })
    await restoring('a')
    expect(await rows('folders')).toEqual([
      { id: 'a', parent: null },
      { id: 'c', parent: null },
    ])
    expect((await trash()).filter((one) => one.startsWith('folders'))).toEqual(['folders b'])
    await restoring('b')
    expect(await rows('folders')).toHaveLength(3)
    expect(await trash()).toEqual([])
  },
)

test('two rows that one statement deleted come back one by one', async () => {
  const { write, restoring, rows, all } = await withFolders()
  const before = await all()
  await write((tx) => tx.delete(folders))
  await restoring('c')
  expect((await rows('folders')).map(({ id }) => id)).toEqual(['c'])
  await restoring('a')
  expect(await all()).toEqual(before)
})

test('a row that fell comes back alone once its cause is back, and not before', async () => {
  const { write, remove, restoring, tenant } = await withFolders()
  await remove('a')
  const [file] = await write((tx) =>
    tx.execute<{ id: string }>(sql`
    select target_id as id from tenancy.trash where resource = 'files' and "row" ->> 'folder' = 'b'`),
  )
  const key = JSON.parse(file?.id ?? '') as string[]
  const failed = await write((tx) => restore(tx, files, key)).then(
    () => undefined,
    (error: unknown) => error,
  )
  expect(
    JSON.parse(
      String((failed as { cause?: { detail: string } }).cause?.detail ?? (failed as { detail?: string }).detail),
    ),
  ).toEqual({
    ...{ code: 'missing', resource: 'folders', id: 'b', constraint: 'files_folder_fkey' },
  })
  expect(await actionsOnKit(tenant, 'restored')).toBe(0)
  await restoring('a')
  expect(await write((tx) => restore(tx, files, key))).toBeUndefined()
})

const actionsOnKit = async (tenant: string, action: string): Promise<number> => {
  const [row] = await owner`
    select count(*)::int as n from tenancy.audit_trail where tenant_id = ${tenant} and action = ${action}`
  return row?.n
}

test('each row of a cascade has an entry in the audit trail, when it goes and when it comes back', async () => {
  const { tenant, remove, restoring } = await withFolders()
  await remove('a')
  expect(await actionsOnKit(tenant, 'deleted')).toBe(4)
  await restoring('a')
  expect(await actionsOnKit(tenant, 'restored')).toBe(4)
})

describe('a reference that ON DELETE SET NULL emptied', () => {
  test('is not set again where it has another value since', async () => {
    const { write, remove, restoring, rows } = await withFolders()
    await remove('a')
    await write((tx) => tx.update(pins).set({ folder: 'c' }).where(eq(pins.id, 1)))
    await restoring('a')
    expect((await rows('pins')).map(({ folder }) => folder)).toEqual(['c', 'c'])
  })

  test('of a row that is gone is left out', async () => {
    const { write, remove, restoring, rows, trash } = await withFolders()
    await remove('a')
    await write((tx) => tx.delete(pins).where(eq(pins.id, 1)))
    expect(await restoring('a')).toBeDefined()
    expect((await rows('pins')).map(({ id }) => id)).toEqual([2])
    expect(await trash()).toEqual(['pins 1'])
  })

  test('that the application emptied stays empty', async () => {
    const { write, remove, restoring, rows } = await withFolders()
    await write((tx) => tx.update(pins).set({ folder: null }).where(eq(pins.id, 1)))
    await remove('a')
    await restoring('a')
    expect((await rows('pins'))[0]).toMatchObject({ id: 1, folder: null, note: 'mine' })
  })

  test('is in no list of the trash', async () => {
    const { tenant, remove } = await withFolders()
    await remove('a')
    expect(await listDeleted(pins, 'id', tenant)).toEqual([])
  })
})

test('deleting for good takes what fell with it from the trash, and nothing else', async () => {
  const { write, remove, restoring, rows, trash } = await withFolders()
  await remove('c')
  await remove('a')
  expect(await write((tx) => discard(tx, folders, 'a'))).toBe(5)
  expect((await trash()).map((one) => one.split(' ')[0])).toEqual(['files', 'folders', 'pins'])
  expect(await restoring('a')).toBeUndefined()
  await restoring('c')
  expect((await rows('folders')).map(({ id }) => id)).toEqual(['c'])
})

test('a row that is there protects what the trash has of its key', async () => {
  const { write, remove, trash } = await withFolders()
  await remove('c')
  await write((tx) => tx.insert(folders).values({ id: 'c' }))
  const before = await trash()
  expect(await write((tx) => discard(tx, folders, 'c'))).toBe(0)
  expect(await trash()).toEqual(before)
})

test('a row that was deleted twice is listed twice, and comes back as it was last', async () => {
  const { tenant, write, restoring, rows } = await withFolders()
  for (const size of [3, 4]) {
    await write((tx) => tx.insert(pins).values({ id: 9, note: String(size) }))
    await write((tx) => tx.delete(pins).where(eq(pins.id, 9)))
  }
  expect(await listDeleted(pins, 'id', tenant)).toHaveLength(2)
  expect(await write((tx) => restore(tx, pins, '9'))).toMatchObject({ note: '4' })
  await restoring('9')
  expect((await rows('pins')).filter(({ id }) => id === 9)).toEqual([{ id: 9, folder: null, note: '4' }])
})

test('a row with a key of several columns, an identity and a generated column comes back as it was', async () => {
  const { tenant, write, rows } = await withFolders()
  const before = await rows('files')
  const [file] = await write((tx) =>
    tx.select({ folder: files.folder, number: files.number }).from(files).where(eq(files.folder, 'c')),
  )
  const { folder = '', number = 0n } = file ?? {}
  await write((tx) => tx.delete(files).where(and(eq(files.folder, folder), eq(files.number, number))))
  const [listed] = await listDeleted(files, 'name', tenant)
  expect(listed).toMatchObject({ folder, number, name: 'in c', size: 2, doubled: 4 })
  const restored = await write((tx) => restore(tx, files, [folder, `00${number}`]))
  expect(restored).toMatchObject({ folder, number, name: 'in c', size: 2, doubled: 4 })
  expect(await rows('files')).toEqual(before)
  await write((tx) => tx.insert(files).values({ folder, name: 'next', size: 1 } as never))
  expect((await rows('files')).filter((row) => row.folder === 'c')).toHaveLength(2)
})

test('a key with another number of columns is refused before anything is sent', async () => {
  const { write } = await withFolders()
  await expect(write(async (tx) => restore(tx, files, 'c'))).rejects.toThrow('The key of this table has 2 columns')
})
