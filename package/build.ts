import { existsSync } from 'node:fs'
import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { shippedFiles } from '../src/migrate/index.ts'
import { manifest, socketServer } from './manifest.ts'
import { readPages } from './pages.ts'

// Builds the package into dist/package, or into the folder that is given: `bun run build:package`.

const root = join(import.meta.dir, '..')
const target = process.argv[2] ?? join(root, 'dist/package')

/** Compiles the kit. Declarations name `.js` files too: TypeScript rewrites the imports of modules only. */
async function compile(): Promise<void> {
  const lib = join(target, 'lib')
  const compiler = join(root, 'node_modules/.bin/tsc')
  if (!existsSync(compiler)) throw new Error('The packages for development are missing: run "bun install" first')
  const command = [process.execPath, compiler, '-p', 'tsconfig.kit.json', '--outDir', lib]
  const { success, stdout, stderr } = Bun.spawnSync(command, { cwd: root })
  if (!success) throw new Error(`The kit does not compile:\n${stdout}${stderr}`)
  for (const name of await readdir(lib, { recursive: true })) {
    if (!name.endsWith('.d.ts')) continue
    const text = await readFile(join(lib, name), 'utf8')
    await writeFile(join(lib, name), text.replaceAll(/(['"])(\.\.?\/[^'"]*)\.ts\1/g, '$1$2.js$1'))
  }
}

/** Builds one module of a source, which imports what the manifest names. */
async function bundle(source: string): Promise<string> {
  const external = Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies })
  const built = await Bun.build({
    entrypoints: [Bun.resolveSync(source, root)],
    target: 'node',
    external: external.flatMap((name) => [name, `${name}/*`]),
  })
  const [output] = built.outputs
  if (!built.success || !output) throw new Error(built.logs.join('\n'))
  return await output.text()
}

/** Builds the command for Node. */
async function buildCommand(): Promise<void> {
  const text = (await bundle('./src/cli/rowhouse.ts')).replace(/^#!.*\n/, '')
  await write('bin/rowhouse.js', `#!/usr/bin/env node\n${text}`, 0o755)
}

/** Copies the server of PGlite into the kit, because installing it fails beside a PGlite of another version. */
async function copySocketServer(): Promise<void> {
  const importer = join(target, 'lib/migrate/pglite-server.js')
  const text = await readFile(importer, 'utf8')
  await writeFile(importer, text.replace(`import('${socketServer}')`, "import('./pglite-socket.js')"))
  const license = 'lib/migrate/pglite-socket.LICENSE'
  await write('lib/migrate/pglite-socket.js', `// ${socketServer}, bundled: ${license}\n${await bundle(socketServer)}`)
  await cp(join(root, 'node_modules', socketServer, 'LICENSE'), join(target, license))
}

async function write(path: string, text: string, mode = 0o644): Promise<void> {
  await mkdir(dirname(join(target, path)), { recursive: true })
  await writeFile(join(target, path), text, { mode })
}

await rm(target, { recursive: true, force: true })
await compile()
await buildCommand()
await copySocketServer()
for (const name of shippedFiles) await cp(join(root, 'sql', name), join(target, 'sql', name))
for (const { path, text } of await readPages(root)) await write(path, text)
await write('package.json', `${JSON.stringify(manifest, undefined, 2)}\n`)
