import { expect, test } from 'bun:test'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { currentPassword } from '../../src/service/current-password.ts'
import { newFastFolder } from '../fast-folder.ts'

/** The password of a new file, with what it logs. */
function open() {
  const file = join(newFastFolder(), 's3cret')
  const logged: unknown[] = []
  const log = { error: (fields: object, message: string) => void logged.push({ ...fields, message }) }
  const { password } = currentPassword('DATABASE_URL', file, log)
  return { file, logged, read: async () => await password?.() }
}

test('reads the password of the URL in the file each time', async () => {
  const { file, read } = open()
  const passwords = ['first', 'p%40ss']
  const found: unknown[] = []
  for (const one of passwords) {
    writeFileSync(file, `postgres://app_user:${one}@db/app\n`)
    found.push(await read())
  }
  expect(found).toEqual(['first', 'p@ss'])
})

test.each([
  ['is missing', undefined, 'ENOENT'],
  ['has no URL', 's3cret', 'TypeError'],
])('logs a file that %s by the name of its variable, without its path and its content', async (_, text, reason) => {
  const { file, logged, read } = open()
  if (text === undefined) rmSync(file, { force: true })
  else writeFileSync(file, text)
  expect(await read().catch((error: Error) => error)).toBeInstanceOf(Error)
  expect(logged).toEqual([{ reason, message: 'a new connection cannot read its password from DATABASE_URL_FILE' }])
})

test('a URL from a variable keeps its password', () => {
  expect(currentPassword('DATABASE_URL', undefined, { error() {} })).toEqual({})
})
