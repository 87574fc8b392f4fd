import { databaseUrl } from './database-url.ts'
import { readDrizzleConfig } from './drizzle-config.ts'
import type { CommandIo } from './io.ts'

/**
 * The URL of the owner, and what names it. That of drizzle.config.ts is not the owner's when the service logs in with it too.
 *
 * @returns undefined when there is none
 * @throws OperatorError when it is no URL of a database
 */
export async function findOwnerUrl({
  env: { DATABASE_OWNER_URL, DATABASE_URL },
  cwd,
}: CommandIo): Promise<{ variable: string; url: string } | undefined> {
  const named = (url: string, variable: string) => ({ variable, url: databaseUrl(url, variable) })
  if (DATABASE_OWNER_URL) return named(DATABASE_OWNER_URL, 'DATABASE_OWNER_URL')
  const url = (await readDrizzleConfig(cwd)).dbCredentials?.url
  return url && url !== DATABASE_URL ? named(url, 'dbCredentials.url of drizzle.config') : undefined
}
