import { ConfigError } from '../../errors/index.ts'
import { secrets } from './rules.ts'

/**
 * Reads TENANT_SIGNING_KEY for a migration.
 *
 * @returns an empty list for "off", undefined for an unset variable
 * @throws ConfigError when a key is too short
 */
export function readSigningKeys(text: string | undefined): string[] | undefined {
  if (!text) return undefined
  if (text === 'off') return []
  const result = secrets.safeParse(text)
  if (result.success) return result.data
  throw new ConfigError(`TENANT_SIGNING_KEY ${result.error.issues[0]?.message}`)
}
