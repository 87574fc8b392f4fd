import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { run } from '../../cli/run.ts'
import { closeAfterwards } from '../../database.ts'

export const root = join(import.meta.dir, '../../..')

/** Runs a command that must succeed, and returns its output. */
export async function runs(command: string[], cwd: string, env: Record<string, string> = {}): Promise<string> {
  const { code, stdout, stderr } = await run(command, cwd, env)
  if (code !== 0) throw new Error(`${command.join(' ')} ended with ${code}\n${stdout}${stderr}`)
  return stdout
}

/** A folder that is removed after the tests. */
export async function createFolder(files: Record<string, string> = {}): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'rowhouse-kit-'))
  closeAfterwards({ close: () => rm(folder, { recursive: true, force: true }) })
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true })
    await writeFile(join(folder, path), text)
  }
  return folder
}

/** The folder with the built package, which is built once for all tests. */
export const builtPackage = onlyOnce(async () => {
  const folder = join(await createFolder(), 'package')
  await runs([process.execPath, 'package/build.ts', folder], root)
  return folder
})

/** The archive of the package, as it is published. */
export const archive = onlyOnce(async () => {
  const folder = await createFolder()
  const name = await runs(['npm', 'pack', await builtPackage(), '--silent'], folder)
  return join(folder, name.trim())
})

function onlyOnce<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined
  return () => (made ??= make())
}

/** How applications resolve modules. */
export const resolutions: Record<string, string[]> = {
  nodenext: ['--module', 'nodenext'],
  bundler: ['--module', 'esnext', '--moduleResolution', 'bundler'],
}

/**
 * Compiles modules of a project with the strictest options, and returns the errors. Those in the declarations of drizzle-orm are left
 * out: they name the drivers of other databases, and do not compile by themselves.
 */
export async function typeErrors(folder: string, modules: string[], options: string[]): Promise<string[]> {
  const own = join(folder, 'node_modules/typescript/bin/tsc')
  const compiler = existsSync(own) ? own : join(root, 'node_modules/typescript/bin/tsc')
  const strictest = ['--strict', '--declaration', '--skipLibCheck', 'false', '--target', 'es2023']
  const command = [process.execPath, compiler, '--pretty', 'false', '--rewriteRelativeImportExtensions', ...strictest]
  const { code, stdout, stderr } = await run([...command, ...options, ...modules], folder)
  const errors = stdout.split('\n').filter((line) => /^\S.*error TS/.test(line))
  if (stderr !== '' || (code !== 0 && errors.length === 0)) throw new Error(`${stdout}${stderr}`)
  return errors.filter((line) => !/^[^(]*node_modules\/drizzle-orm\//.test(line))
}

/** The files that a page shows: a block with a path is that file. */
export async function filesOf(page: string): Promise<Record<string, string>> {
  const text = await readFile(join(root, page), 'utf8')
  return Object.fromEntries(
    [...text.matchAll(/^```ts (\S+)\n(.*?)^```$/gms)].map(([, path = '', block = '']) => [path, block]),
  )
}

/** The lines of the shell that a page shows, in their order. */
export async function commandsOf(page: string): Promise<string[]> {
  const text = await readFile(join(root, page), 'utf8')
  return [...text.matchAll(/^```sh\n(.*?)^```$/gms)].flatMap(([, block = '']) => block.trim().split('\n'))
}
