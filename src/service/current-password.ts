import { readFile } from 'node:fs/promises'
import type { ConnectionOptions } from '../database/index.ts'
import { parseDatabaseUrl } from '../text/index.ts'
import { withoutNewline } from './config/secret-files.ts'

/**
 * The option `password` for a URL that came from a file: each new connection logs in with the password that the file has then. So a
 * password is replaced without a restart.
 *
 * @param file undefined for a URL from a variable
 */
export function currentPassword(file: string | undefined): Pick<ConnectionOptions, 'password'> {
  if (file === undefined) return {}
  return { password: async () => parseDatabaseUrl(withoutNewline(await readFile(file, 'utf8'))).password }
}
