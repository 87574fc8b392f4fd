import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { OperatorError } from '../errors/index.ts'
import { loadModule } from './load-module.ts'

const files = ['drizzle.config.ts', 'drizzle.config.js', 'drizzle.config.mjs', 'drizzle.config.json']

const schema = z.object({
  dialect: z.string().optional(),
  schema: z.union([z.string(), z.array(z.string())]).optional(),
  out: z.string().optional(),
  casing: z.enum(['snake_case', 'camelCase']).optional(),
  dbCredentials: z
    .object({ url: z.string().optional().catch(undefined) })
    .optional()
    .catch(undefined),
})

/** What the commands use of a project's configuration for drizzle-kit. */
export type DrizzleConfig = z.infer<typeof schema>

/** The name of the project's configuration file for drizzle-kit, if it has one. */
export const drizzleConfigFile = (folder: string): string | undefined =>
  files.find((name) => existsSync(join(folder, name)))

/**
 * Reads the configuration that a project has for drizzle-kit.
 *
 * @returns an empty configuration when there is no file, or when it exports none
 * @throws OperatorError when it cannot be loaded or a field is wrong
 * @example
 * const { out, casing } = await readDrizzleConfig(process.cwd())
 */
export async function readDrizzleConfig(folder: string): Promise<DrizzleConfig> {
  const name = drizzleConfigFile(folder)
  if (name === undefined) return {}
  const path = join(folder, name)
  const module = z
    .object({ default: z.unknown() })
    .safeParse(name.endsWith('.json') ? { default: await readJson(path, name) } : await loadModule(path, folder))
  const found = module.data?.default ?? {}
  const result = schema.safeParse(found)
  if (result.success) return result.data
  throw new OperatorError(`Invalid ${name}:\n${z.prettifyError(result.error)}`)
}

async function readJson(path: string, name: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, 'utf8'))
  } catch (cause) {
    throw new OperatorError(`${name} cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`)
  }
}
