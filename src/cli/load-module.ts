import { createRequire } from 'node:module'
import { join, relative } from 'node:path'
import { pathToFileURL } from 'node:url'
import { OperatorError } from '../errors/index.ts'

/**
 * Imports a module of a project, in JavaScript or TypeScript. The runtime loads it if it can. Node alone loads no TypeScript before
 * version 22.18, no enums, and no imports without an extension: then jiti loads it, if the project has installed it.
 *
 * @param path absolute
 * @param folder the folder of the project
 * @throws OperatorError with the module and the reason
 */
export async function loadModule(path: string, folder: string): Promise<object> {
  const name = relative(folder, path)
  try {
    return await import(pathToFileURL(path).href)
  } catch (error) {
    if (!needsJiti(error)) throw new OperatorError(`${name} cannot be loaded: ${messageOf(error)}`, { cause: error })
    const load = await importJiti(folder)
    if (load === undefined)
      throw new OperatorError(
        `${name} cannot be loaded: ${messageOf(error)}\nNode ${process.versions.node} does not load all TypeScript by itself. ` +
          'If the module is right, install jiti: run "npm install --save-dev jiti". On Bun, run the command with "bunx --bun".',
        { cause: error },
      )
    return await load(path).catch((cause: unknown) => {
      throw new OperatorError(`${name} cannot be loaded: ${messageOf(cause)}`, { cause })
    })
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

/** Whether Node itself refuses the module. What the module throws by itself has no such code. */
function needsJiti(error: unknown): boolean {
  if (process.versions.bun !== undefined || !(error instanceof Error)) return false
  return error.name === 'SyntaxError' || /is not defined/.test(error.message) || /^ERR_/.test(codeOf(error))
}
const codeOf = (error: Error): string => ('code' in error ? String(error.code) : '')

/** The loader of jiti, or undefined when neither the project nor the command finds the package. */
async function importJiti(folder: string): Promise<((path: string) => Promise<object>) | undefined> {
  const name = 'jiti'
  const inProject = () => pathToFileURL(createRequire(join(folder, 'package.json')).resolve(name)).href
  for (const place of [inProject, () => name]) {
    const jiti = await Promise.resolve()
      .then(() => import(place()) as Promise<typeof import('jiti')>)
      .catch(() => undefined)
    const create = jiti?.createJiti
    if (create) return (path) => create(join(folder, 'package.json'), { tsconfigPaths: true }).import<object>(path)
  }
  return undefined
}
