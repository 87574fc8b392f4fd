import { readFile } from 'node:fs/promises'
import type { Logger } from '../context/index.ts'
import type { ConnectionOptions } from '../database/index.ts'
import { parseDatabaseUrl } from '../text/index.ts'
import { secretIn } from './config/secret-files.ts'

/**
 * The option `password` for a URL that came from a file: each new connection logs in with the password that the file has then. So a
 * password is replaced without a restart.
 *
 * @param file undefined for a URL from a variable
 */
export function currentPassword(
  setting: 'DATABASE_URL' | 'DATABASE_REPLICA_URL' | 'DATABASE_WORKER_URL' | 'DATABASE_OWNER_URL',
  file: string | undefined,
  log: Pick<Logger, 'error'>,
): Pick<ConnectionOptions, 'password'> {
  if (file === undefined) return {}
  return {
    async password() {
      try {
        return parseDatabaseUrl(secretIn(await readFile(file, 'utf8'))).password
      } catch (error) {
        // A message of the system contains the path.
        const { code, name } = error as NodeJS.ErrnoException // node:fs and the parser throw errors
        log.error({ reason: code ?? name }, `a new connection cannot read its password from ${setting}_FILE`)
        throw error
      }
    },
  }
}
