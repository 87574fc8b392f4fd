import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { shippedFiles } from '../src/migrate/index.ts'
import { manifest } from './manifest.ts'
import { readPages } from './pages.ts'

// Builds the package into dist/package, or into the folder that is given: `bun run build:package`.

const root = join(import.meta.dir, '..')
const target = process.argv[2] ?? join(root, 'dist/package')

/** Compiles the kit. Declarations name `.js` files too: TypeScript rewrites the imports of modules only. */
async function compile(): Promise<void> {
  const lib = join(target, 'lib')
  const command = [process.execPath, join(root, 'node_modules/.bin/tsc'), '-p', 'tsconfig.kit.json', '--outDir', lib]
  const { success, stdout } = Bun.spawnSync(command, { cwd: root })
  if (!success) throw new Error(`The kit does not compile:\n${stdout}`)
  for (const name of await readdir(lib, { recursive: true })) {
    if (!name.endsWith('.d.ts')) continue
    const text = await readFile(join(lib, name), 'utf8')
    await writeFile(join(lib, name), text.replaceAll(/(['"])(\.\.?\/[^'"]*)\.ts\1/g, '$1$2.js$1'))
  }
}

/** Builds the command for Node: one file, which imports packages. */
async function buildCommand(): Promise<void> {
  const built = await Bun.build({
    entrypoints: [join(root, 'src/cli/rowhouse.ts')],
    target: 'node',
    packages: 'external',
  })
  const [output] = built.outputs
  if (!built.success || !output) throw new Error(built.logs.join('\n'))
  const text = (await output.text()).replace(/^#!.*\n/, '')
  await write('bin/rowhouse.js', `#!/usr/bin/env node\n${text}`, 0o755)
}

async function write(path: string, text: string, mode = 0o644): Promise<void> {
  await mkdir(dirname(join(target, path)), { recursive: true })
  await writeFile(join(target, path), text, { mode })
}

await rm(target, { recursive: true, force: true })
await compile()
await buildCommand()
for (const name of shippedFiles) await cp(join(root, 'sql', name), join(target, 'sql', name))
for (const { path, text } of await readPages(root)) await write(path, text)
await write('package.json', `${JSON.stringify(manifest, undefined, 2)}\n`)
