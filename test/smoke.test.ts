import { expect, test } from 'bun:test'
import { insertUser, listUsers } from '../src/features/users/repository.ts'
import { withTenant } from '../src/tenancy/index.ts'
import { db, newTenant } from './database.ts'

test('a user of one tenant is not another one’s', async () => {
  const a = newTenant()
  await withTenant(a, () => db.write((tx) => insertUser(tx, { email: 'a@x.example', name: 'A' })))
  const page = { page: 1, limit: 20 }
  expect((await withTenant(a, () => db.read((tx) => listUsers(tx, page)))).total).toBe(1)
  expect((await withTenant(newTenant(), () => db.read((tx) => listUsers(tx, page)))).total).toBe(0)
})
