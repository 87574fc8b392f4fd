import { expect, setDefaultTimeout, test } from 'bun:test'
import { existsSync, mkdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { openInMemory } from '../../../src/migrate/index.ts'
import { parseDatabaseUrl } from '../../../src/text/index.ts'
import { root, start, temporaryFolder } from '../../runtime/child.ts'

setDefaultTimeout(60_000)

const cache = join(root, 'node_modules/.cache/rowhouse')
const modeOf = (path: string) => statSync(path).mode & 0o777

// PGlite asks for no password, and its login is a superuser: anybody who can connect may do everything.
test('an embedded database listens in a folder that only its user can enter', async () => {
  const { url, close } = await openInMemory(cache)
  const { host, port } = parseDatabaseUrl(url)
  expect([modeOf(host), statSync(join(host, `.s.PGSQL.${port}`)).isSocket()]).toEqual([0o700, true])
  await close()
  expect(existsSync(host)).toBe(false)
})

test('an embedded database opens where the path of a temporary folder is too long for a socket', async () => {
  using folder = temporaryFolder()
  const TMPDIR = join(folder.path, 'long'.repeat(30))
  mkdirSync(TMPDIR)
  const program = `
    import { openInMemory } from ${JSON.stringify(join(root, 'src/migrate/index.ts'))}
    const { url, close } = await openInMemory(${JSON.stringify(cache)})
    console.log(new URL(url).searchParams.get('host')?.length)
    await close()`
  await using opened = start([process.execPath, '-e', program], { TMPDIR })
  expect([await opened.exited, opened.stderr]).toEqual([0, ''])
  expect(Number(opened.stdout)).toBeWithin(1, 90)
})
