import { expect, test } from 'bun:test'
import { migrate } from '../../src/migrate/index.ts'

test('rowhouse/migrate exports what the command does', async () => {
  const name = 'rowhouse/migrate' // no literal, which the compiler would look for in the build
  expect((await import(name)).migrate).toBe(migrate)
})
