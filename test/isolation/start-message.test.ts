import { describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import { assertRowSecurity, createIsolationCheck, RowSecurityError } from '../../src/isolation/index.ts'
import { asOwner, closeAfterwards, createDatabase, main } from '../database.ts'

describe('assertRowSecurity', () => {
  test('throws a message with each error and its remedy', () => {
    const finding = { check: 'view', guarantee: 12, object: 'public.tasks', problem: 'it leaks', remedy: 'Fix it.' }
    const check = () => assertRowSecurity([{ ...finding, level: 'error' }])
    expect(check).toThrow(RowSecurityError)
    expect(check).toThrow(/public\.tasks: it leaks\n\s+Fix it\./)
  })

  test('accepts warnings', () => {
    assertRowSecurity([
      { level: 'warning', check: 'server-release', guarantee: 19, object: 'server', problem: 'old', remedy: 'Update.' },
    ])
  })
})

test('accepts exactly the relations that are listed as shared', async () => {
  const database = await createDatabase()
  await asOwner(database).unsafe(`
    create sequence one; create sequence two; create table three (n int);
    grant usage on sequence one, two to app_user; grant select on three to app_user`)
  const isolation = createIsolationCheck({ url: database.appUrl, shared: ['public.one', 'public.three'] })
  closeAfterwards(isolation)
  const errors = (await isolation.inspect()).filter(({ level }) => level === 'error')
  expect(errors.map(({ object }) => object)).toEqual(['public.two'])
})

test('warns of a server whose minor release has known vulnerabilities', async () => {
  const isolation = createIsolationCheck({ url: main.appUrl })
  closeAfterwards(isolation)
  const reported = (await isolation.inspect()).filter(({ guarantee }) => guarantee === 19)
  const [version] = await asOwner(main)`select current_setting('server_version_num')::int as number`
  const number = Number(version?.number)
  const fixed: Record<number, number> = { 18: 7, 17: 12, 16: 16, 15: 20, 14: 25 }
  const isFixed = number % 10_000 >= (fixed[Math.floor(number / 10_000)] ?? 0)
  const major = Math.floor(number / 10_000)
  expect(reported.map(({ level, object, remedy }) => [level, object, remedy])).toEqual(
    isFixed ? [] : [['warning', 'server', `Update to ${major}.${fixed[major]} or later.`]],
  )
})

test('names the role and the table as causes of rows that a superuser sees without a tenant', async () => {
  const database = await createDatabase()
  await asOwner(database).unsafe(`
    create table notes (tenant_id uuid not null);
    insert into notes values (gen_random_uuid())`)
  const isolation = createIsolationCheck({ url: database.ownerUrl })
  closeAfterwards(isolation)
  const findings = await isolation.inspect()
  expect(findings.find(({ check }) => check === 'rows-without-tenant')?.remedy).toBe(
    'Fix the findings of the role and of this table, and run the check again.',
  )
})

test('no remedy names a flag of the command line or a command of this repository', async () => {
  const folder = join(import.meta.dir, '../../src/isolation')
  const paths = [...new Bun.Glob('**/*.ts').scanSync(folder)]
  expect(paths.length).toBeGreaterThan(10)
  for (const path of paths)
    expect(await Bun.file(join(folder, path)).text()).not.toMatch(/--(shared|role|tenant-column|url)\b|bun run/)
})
