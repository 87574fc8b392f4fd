import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The folder of the package. This module is in `src/cli` of it, or compiled into a file of another folder. */
export function packageFolder(): string {
  let folder = dirname(fileURLToPath(import.meta.url))
  while (!existsSync(join(folder, 'sql/10-roles.sql'))) {
    if (folder === dirname(folder)) throw new Error('The package has no folder sql: install it again')
    folder = dirname(folder)
  }
  return folder
}
