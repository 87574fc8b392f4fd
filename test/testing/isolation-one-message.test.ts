import { expect, test } from 'bun:test'
import { createDatabase, open } from '../database.ts'
import { probe } from './isolation.ts'
import { inOneMessage } from './one-message.ts'

test("no tenant reaches another tenant's rows in one message, and every statement has the result that it has in several", async () => {
  const database = await createDatabase()
  const db = inOneMessage(open(database), database, ['users', 'tasks', 'tenancy.audit_entries', 'tenancy.trash'])
  const matrix = await probe(db)
  expect(matrix.violations).toEqual([])
  expect(matrix.rows).toEqual((await probe(open(database))).rows as never)
  expect(Object.values(db.sent).every((count) => count > 10)).toBe(true)
}, 60_000)
