import { describe, expect, test } from 'bun:test'
import { assertRowSecurity, RowSecurityError } from '../../src/tenancy/index.ts'

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
