import { afterAll, beforeAll, expect, test } from 'bun:test'
import { cp, mkdir, mkdtemp, readdir, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { run } from '../../cli/run.ts'

const root = join(import.meta.dir, '../../..')
let folder = ''
const build = () => run([process.execPath, 'package/build.ts'], folder)

// A copy of the repository after `bun run up`, which installs no compiler.
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rowhouse-build-'))
  for (const path of ['package', 'src', 'package.json'])
    await cp(join(root, path), join(folder, path), { recursive: true })
  await mkdir(join(folder, 'node_modules'))
  for (const name of await readdir(join(root, 'node_modules')))
    if (name !== '.bin' && name !== 'typescript')
      await symlink(join(root, 'node_modules', name), join(folder, 'node_modules', name))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

test('the build of the package names the command that installs a missing compiler', async () => {
  const { code, stderr } = await build()
  expect(code).toBe(1)
  expect(stderr).toContain('The packages for development are missing: run "bun install" first')
})

test('the build of the package prints what a failed compiler writes to stdout and stderr', async () => {
  await Bun.write(
    join(folder, 'node_modules/.bin/tsc'),
    "console.log('TS1005'); console.error('killed'); process.exit(2)",
  )
  const { code, stderr } = await build()
  expect(code).toBe(1)
  expect(stderr).toContain('The kit does not compile:\nTS1005\nkilled\n')
})
