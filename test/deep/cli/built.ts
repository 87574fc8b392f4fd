import { cp, mkdir, readdir, rm, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { run as runIn } from '../../cli/run.ts'
import { builtPackage, createFolder, root } from '../kit/project.ts'

/** The versions of Node that run the commands. Node 20 loads no TypeScript without jiti. */
export const nodeVersions = ['20', '22', '24'] as const

const paths = new Map<string, string>()

/** The path of a Node of this version, from npm, which takes a second to find it. */
export function nodePath(version: string): string {
  const known = paths.get(version)
  if (known) return known
  const { stdout, stderr } = Bun.spawnSync(['npx', '--yes', '-p', `node@${version}`, 'which', 'node'])
  const path = stdout.toString().trim()
  if (!path) throw new Error(`Node ${version} is missing: ${stderr}`)
  paths.set(version, path)
  return path
}

/**
 * A folder with the built package in its node_modules, beside the packages of this repository, and some files.
 *
 * @param without packages that the project does not have
 */
export async function createBuiltProject(files: Record<string, string>, { without = [] }: { without?: string[] } = {}) {
  const folder = await createFolder(files)
  const modules = join(folder, 'node_modules')
  await mkdir(modules)
  await cp(await builtPackage(), join(modules, 'rowhouse'), { recursive: true })
  for (const name of await readdir(join(root, 'node_modules')))
    if (!without.includes(name)) await symlink(join(root, 'node_modules', name), join(modules, name))
  return {
    folder,
    command: join(modules, 'rowhouse/bin/rowhouse.js'),
    run: (command: string[], env: Record<string, string> = {}) => runIn(command, folder, env),
    remove: () => rm(folder, { recursive: true, force: true }),
  }
}
