import { expectTenantIsolation } from 'rowhouse/testing'
import { expect, test } from 'vitest'
import { db } from './app.ts'

test("no tenant reaches another tenant's rows", async () => {
  const matrix = await expectTenantIsolation(db)
  expect(String(matrix)).toContain('public.invoice_totals')
})
