import { expect, test } from 'bun:test'
import { nameAfter } from '../../service/http/lost-updates.ts'

test('200 clients that read, change and write with If-Match at the same time lose no change', async () => {
  expect(await nameAfter(200)).toBe('200')
}, 120_000)
