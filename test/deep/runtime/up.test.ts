import { afterAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { demo } from '../../../db/schema/demo.ts'
import { testClient } from '../../../src/testing/index.ts'
import { newFastFolder } from '../../fast-folder.ts'
import { type Child, root, start, temporaryFolder } from '../../runtime/child.ts'

setDefaultTimeout(120_000)

/** Copies the files of this repository into a folder, without packages, docs and tests. */
function clone(to: string): string {
  const list = Bun.spawnSync(
    ['git', 'ls-files', '-z', '-co', '--exclude-standard', '--', ':!docs', ':!test', ':!bench'],
    { cwd: root },
  ).stdout
  for (const file of list.toString().split('\0').filter(Boolean))
    if (existsSync(join(root, file))) cpSync(join(root, file), join(to, file))
  return to
}

const { scripts } = await Bun.file(join(root, 'package.json')).json()
// `bun run` passes no signal on, so the service would outlive the test.
const script = String(scripts.up).replace(/(?<=&& )(?=bun )/, 'exec ')

/** `bun run up` in a folder. */
const up = (folder: string, environment: Record<string, string> = {}): Child =>
  start(['sh', '-c', script], { PATH: `${dirname(process.execPath)}:${process.env.PATH}`, ...environment }, folder)

/** A program that ends with 1 and a message. */
async function problemOf(child: Child): Promise<string> {
  await using ended = child
  expect(await ended.exited).toBe(1)
  return ended.stderr
}

/** A small file system in memory, which only root can mount, and not in every container. */
function mount(size: string): string | undefined {
  const folder = newFastFolder()
  return Bun.spawnSync(['mount', '-t', 'tmpfs', '-o', `size=${size}`, 'none', folder]).success ? folder : undefined
}
const small = mount('16m')
const medium = mount('36m')
const mayMount = small !== undefined && medium !== undefined
afterAll(() => {
  for (const folder of [small, medium]) if (folder) Bun.spawnSync(['umount', folder])
})

// Root may write everywhere.
const asOther = process.getuid?.() === 0 ? ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'] : []
const mayBeOther = Bun.spawnSync([...asOther, 'test', '-r', join(root, 'src/runtime/up.ts')]).success

test('bun run up installs no package for development, and serves the demo', async () => {
  using folder = temporaryFolder()
  clone(folder.path)
  await using service = up(folder.path)
  const url = await service.listening()
  expect(service.stdout).toStartWith('Installing packages …\n')
  expect(existsSync(join(folder.path, 'node_modules/typescript'))).toBe(false)
  expect((await testClient(url).as(demo.acme.tenantId).get('/tasks')).status).toBe(200)
})

test('bun run up keeps installed packages for development', async () => {
  using folder = temporaryFolder()
  clone(folder.path)
  await using full = start([process.execPath, 'install', '--frozen-lockfile'], {}, folder.path)
  expect(await full.exited).toBe(0)
  await using service = up(folder.path)
  await service.listening()
  expect(existsSync(join(folder.path, 'node_modules/typescript'))).toBe(true)
})

describe('bun run up reports in a sentence', () => {
  test('a used port, before it installs anything', async () => {
    using folder = temporaryFolder()
    clone(folder.path)
    using occupant = Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: () => new Response() })
    const problem = await problemOf(up(folder.path, { PORT: String(occupant.port) }))
    expect(problem).toStartWith(`Cannot listen on http://127.0.0.1:${occupant.port}: `)
    expect(existsSync(join(folder.path, 'node_modules'))).toBe(false)
  })

  test('a package registry that cannot be reached', async () => {
    using folder = temporaryFolder()
    clone(folder.path)
    const cache = join(folder.path, 'cache')
    const environment = { BUN_CONFIG_REGISTRY: 'http://127.0.0.1:9/', BUN_INSTALL_CACHE_DIR: cache }
    expect(await problemOf(up(folder.path, environment))).toBe(
      'The package registry does not answer. Trying again for ten seconds …\n' +
        `Cannot install the packages in ${folder.path}/node_modules: the package registry cannot be reached ` +
        '(ConnectionRefused). Check the network and the proxy (HTTPS_PROXY), or name another registry in BUN_CONFIG_REGISTRY.\n',
    )
  })

  test('a file where node_modules should be', async () => {
    using folder = temporaryFolder()
    writeFileSync(join(clone(folder.path), 'node_modules'), '')
    expect(await problemOf(up(folder.path))).toBe(
      `Cannot install the packages in ${folder.path}/node_modules: a file has its name. Delete or rename the file.\n`,
    )
  })

  test.skipIf(!mayBeOther)('folders of another user', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'rowhouse-foreign-'))
    try {
      mkdirSync(join(clone(folder), 'node_modules'))
      for (const path of ['node_modules', '']) chmodSync(join(folder, path), 0o555)
      const command = (program: string) => start([...asOther, process.execPath, program], { HOME: '/' }, folder)
      const problem = 'this user may not write there. Use a folder of your own, or correct its owner and mode.\n'
      expect(await problemOf(command('src/runtime/install.ts'))).toBe(
        `Cannot install the packages in ${folder}/node_modules: ${problem}`,
      )
      expect(await problemOf(command(join(root, 'src/runtime/up.ts')))).toBe(
        `Cannot open the database in ${folder}/.rowhouse: ${problem}`,
      )
    } finally {
      for (const path of ['', 'node_modules']) chmodSync(join(folder, path), 0o755)
      rmSync(folder, { recursive: true, force: true })
    }
  })

  test.skipIf(!mayMount)('a disk that is full before the packages are installed', async () => {
    expect(await problemOf(up(clone(small ?? '')))).toBe(
      `Cannot install the packages in ${small}/node_modules: the disk is full. Free some space.\n`,
    )
  })

  test.skipIf(!mayMount)('a disk that is full before the database exists, and works once there is space', async () => {
    const folder = medium ?? ''
    const program = [process.execPath, join(root, 'src/runtime/up.ts')]
    expect(await problemOf(start(program, {}, folder))).toBe(
      `Cannot open the database in ${folder}/.rowhouse: the disk is full. Free some space.\n`,
    )
    Bun.spawnSync(['mount', '-o', 'remount,size=200m', folder])
    await using service = start(program, {}, folder)
    expect(await service.listening()).toStartWith('http://')
  })

  test.skipIf(!mayMount)('a read-only file system', async () => {
    const folder = small ?? ''
    rmSync(join(folder, 'node_modules'), { recursive: true, force: true })
    mkdirSync(join(folder, '.rowhouse'), { recursive: true })
    Bun.spawnSync(['mount', '-o', 'remount,ro', folder])
    expect(await problemOf(up(folder))).toBe(
      `Cannot install the packages in ${folder}/node_modules: the file system is read-only. Use another folder.\n`,
    )
    const program = [process.execPath, join(root, 'src/runtime/up.ts')]
    expect(await problemOf(start(program, {}, folder))).toBe(
      `Cannot open the database in ${folder}/.rowhouse: the file system is read-only. Use another folder.\n`,
    )
  })
})
