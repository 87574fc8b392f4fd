import { test } from 'bun:test'
import { expectTenantIsolation } from '../../src/testing/index.ts'
import { db } from '../database.ts'

test("no tenant reaches another tenant's rows", () => expectTenantIsolation(db))
