import { ConfigError } from '../../src/errors/index.ts'
import { loadConfig } from '../../src/service/config/config.ts'

/** The message for an environment that is refused. */
export function problemsOf(environment: Record<string, string | undefined>): string {
  try {
    loadConfig(environment)
  } catch (error) {
    if (error instanceof ConfigError) return error.message
    throw error
  }
  throw new Error('The configuration was accepted')
}
