import { ConfigError } from '../../errors/index.ts'

/** Notes what is wrong with a setting: `report('PORT', 'must be a whole number')`. */
export type Report = (setting: string, problem: string) => void

/** All problems as one error. */
export function invalidConfiguration(problems: readonly string[]): ConfigError {
  const lines = [...new Set(problems)].map((problem) => `  - ${problem}`)
  return new ConfigError(
    `Invalid configuration:\n${lines.join('\n')}\ndocs/configuration.md explains every setting, .env.example is a template.`,
  )
}
