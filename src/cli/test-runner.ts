import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { OperatorError } from '../errors/index.ts'
import { readText } from '../migrate/index.ts'

/** The module that tests import `test` from. */
export type TestRunner = 'bun:test' | 'vitest' | 'node:test'

/** What the commands use of a package.json. */
export interface Manifest {
  name?: string
  type?: string
  dependencies?: Record<string, string>
  devDependencies?: Record<string, string>
}

/**
 * Reads the package.json of a project.
 *
 * @returns an empty manifest when there is none
 * @throws OperatorError when it is no JSON
 */
export async function readManifest(folder: string): Promise<Manifest> {
  const path = join(folder, 'package.json')
  if (!existsSync(path)) return {}
  try {
    return JSON.parse(await readText(path)) as Manifest // all fields are optional
  } catch (cause) {
    throw new OperatorError('package.json is not valid JSON', { cause })
  }
}

/** Vitest if the project has installed it, else the runner of the runtime that the project is for. */
export async function testRunnerOf(folder: string): Promise<TestRunner> {
  const { dependencies, devDependencies } = await readManifest(folder)
  const packages = { ...dependencies, ...devDependencies }
  if ('vitest' in packages) return 'vitest'
  const isForBun = process.versions.bun !== undefined || '@types/bun' in packages || 'bun-types' in packages
  return isForBun ? 'bun:test' : 'node:test'
}
