import { describe, expect, test } from 'bun:test'
import { assertRowSecurity, createWallCheck, RowSecurityError } from '../../src/tenancy/index.ts'
import { asOwner, closeAfterwards, main } from '../database.ts'

describe('the message of the check', () => {
  test('names each hole with its remedy', () => {
    const finding = { promise: 12, object: 'public.tasks', problem: 'it leaks', remedy: 'Mend it.' }
    const check = () => assertRowSecurity([{ ...finding, level: 'error' }])
    expect(check).toThrow(RowSecurityError)
    expect(check).toThrow(/public\.tasks: it leaks\n\s+Mend it\./)
  })

  test('is not raised for warnings', () => {
    assertRowSecurity([{ level: 'warning', promise: 19, object: 'server', problem: 'old', remedy: 'Update.' }])
  })
})

test('a server whose minor release has known holes is reported as a warning', async () => {
  const walls = createWallCheck({ url: main.appUrl })
  closeAfterwards(walls)
  const reported = (await walls.inspect()).filter(({ promise }) => promise === 19)
  const [version] = await asOwner(main)`select current_setting('server_version_num')::int as number`
  const number = Number(version?.number)
  const fixed: Record<number, number> = { 18: 7, 17: 12, 16: 16, 15: 20, 14: 25 }
  const isFixed = number % 10_000 >= (fixed[Math.floor(number / 10_000)] ?? 0)
  expect(reported.map(({ level, object }) => [level, object])).toEqual(isFixed ? [] : [['warning', 'server']])
})
