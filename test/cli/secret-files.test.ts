import { describe, expect, test } from 'bun:test'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createBareDatabase, createDatabase } from '../database.ts'
import { newFastFolder } from '../fast-folder.ts'
import { rowhouse, seedDemo } from './run.ts'

const folder = newFastFolder()

function file(text: string): string {
  const path = join(folder, crypto.randomUUID())
  writeFileSync(path, `${text}\n`)
  return path
}

describe('commands read secrets from files', () => {
  test('rowhouse migrate', async () => {
    const { ownerUrl, appUrl } = await createBareDatabase()
    const env = { DATABASE_OWNER_URL_FILE: file(ownerUrl), DATABASE_URL_FILE: file(appUrl) }
    const { code, stdout, stderr } = await rowhouse(['migrate'], { env })
    expect([code, stderr]).toEqual([0, ''])
    expect(stdout).toContain('The login of DATABASE_URL works: app_user.')
  })

  test('rowhouse doctor, tenant and seed', async () => {
    const { ownerUrl, appUrl } = await createDatabase()
    const [app, owner] = [{ DATABASE_URL_FILE: file(appUrl) }, { DATABASE_OWNER_URL_FILE: file(ownerUrl) }]
    const outcomes = [
      await rowhouse(['doctor'], { env: app }),
      await rowhouse(['tenant', 'list'], { env: owner }),
      await seedDemo([], { env: app }),
    ]
    expect(outcomes.map(({ code }) => code)).toEqual([0, 0, 0])
  })
})

describe('a secret that cannot be read from its file', () => {
  mkdirSync(join(folder, 's3cret'))
  const env = { DATABASE_URL_FILE: '/nowhere/s3cret', DATABASE_OWNER_URL_FILE: join(folder, 's3cret') }

  test('ends a command with 2 and a line for each file', async () => {
    expect(await rowhouse(['migrate'], { env })).toEqual({
      code: 2,
      stdout: '',
      stderr:
        'DATABASE_URL_FILE names a file that does not exist\nDATABASE_OWNER_URL_FILE names a file that is a folder\n',
    })
  })

  test('does not keep --help from its page', async () => {
    expect((await rowhouse(['migrate', '--help'], { env })).code).toBe(0)
  })
})

test('a command reads no file of a secret that only the service needs', async () => {
  const { appUrl } = await createDatabase()
  const others = { JWT_SECRET_FILE: '/nowhere', GATEWAY_SECRET_FILE: '/nowhere', ROWHOUSE_SECRET_FILE: '/nowhere' }
  const { code, stderr } = await rowhouse(['doctor'], { env: { DATABASE_URL_FILE: file(appUrl), ...others } })
  expect([code, stderr]).toEqual([0, ''])
})

test('a command names the file whose content is no URL of a database', async () => {
  const { code, stderr } = await rowhouse(['doctor'], { env: { DATABASE_URL_FILE: file('mysql://s3cret') } })
  expect([code, stderr]).toEqual([2, expect.stringMatching(/^DATABASE_URL \(from DATABASE_URL_FILE\) must be a URL/)])
  expect(stderr).not.toContain('s3cret')
})

test('a command refuses a setting that is given twice, and names both', async () => {
  const url = 'postgres://app_user:s3cret@127.0.0.1:1/d'
  const { code, stderr } = await rowhouse(['doctor'], { env: { DATABASE_URL: url, DATABASE_URL_FILE: file(url) } })
  expect([code, stderr]).toEqual([2, 'DATABASE_URL and DATABASE_URL_FILE are both set: remove one of them\n'])
})
