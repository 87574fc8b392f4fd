import { writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { type Config, loadConfig } from '../../src/service/config/config.ts'
import { newFastFolder } from '../fast-folder.ts'

/**
 * The configuration of the service in an environment whose secrets are files, such as `DATABASE_URL_FILE=/run/secrets/database_url`.
 * They exist in a container alone: here each has a value of its kind.
 *
 * @throws ConfigError for an environment that the service refuses
 */
export function configOf(environment: Record<string, string>): Config {
  const folder = newFastFolder()
  const mapped = Object.entries(environment).map(([name, value]) => {
    if (!name.endsWith('_FILE')) return [name, value]
    const path = join(folder, basename(value))
    writeFileSync(
      path,
      name.endsWith('URL_FILE') ? 'postgres://app_user:secret@database:5432/rowhouse\n' : `${'x'.repeat(32)}\n`,
    )
    return [name, path]
  })
  return loadConfig(Object.fromEntries(mapped))
}
