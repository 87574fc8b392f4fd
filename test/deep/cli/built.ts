import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { Outcome } from '../../cli/run.ts'

const root = join(import.meta.dir, '../../..')

/** The versions of Node that run the commands. Node 20 loads no TypeScript without jiti. */
export const nodeVersions = ['20', '22', '24'] as const

/** The path of a Node of this version, from npm. */
export function nodePath(version: string): string {
  const { stdout, stderr } = Bun.spawnSync(['npx', '--yes', '-p', `node@${version}`, 'which', 'node'])
  const path = stdout.toString().trim()
  if (!path) throw new Error(`Node ${version} is missing: ${stderr}`)
  return path
}

/** A folder with the compiled command in its node_modules, as npm installs it, and some files. */
export async function createBuiltProject(files: Record<string, string>, without: string[] = []) {
  const folder = mkdtempSync(join(tmpdir(), 'rowhouse-node-'))
  const modules = join(folder, 'node_modules')
  mkdirSync(join(modules, 'rowhouse'), { recursive: true })
  for (const name of readdirSync(join(root, 'node_modules')))
    if (!without.includes(name)) symlinkSync(join(root, 'node_modules', name), join(modules, name))
  cpSync(join(root, 'sql'), join(modules, 'rowhouse/sql'), { recursive: true })
  const { success, logs } = await Bun.build({
    entrypoints: [join(root, 'src/cli/rowhouse.ts')],
    outdir: join(modules, 'rowhouse/bin'),
    target: 'node',
    packages: 'external',
  })
  if (!success) throw new Error(logs.join('\n'))
  // Node resolves the packages of the command from its own folder.
  writeFileSync(join(modules, 'rowhouse/package.json'), '{ "name": "rowhouse", "type": "module" }')
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), text)
  }
  const run = async (command: string[], env: Record<string, string> = {}): Promise<Outcome> => {
    const { PATH = '', HOME = '' } = process.env
    const child = Bun.spawn(command, {
      cwd: folder,
      env: { PATH, HOME, ...env },
      stdin: 'ignore',
      stdout: 'pipe',
      stderr: 'pipe',
    })
    const [stdout, stderr] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()])
    return { code: await child.exited, stdout, stderr }
  }
  return {
    folder,
    command: join(modules, 'rowhouse/bin/rowhouse.js'),
    run,
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}
