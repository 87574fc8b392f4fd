import { optionalPackage } from '../errors/index.ts'

type Jose = typeof import('jose')
let jose: Promise<Jose> | undefined

/**
 * Loads jose, which only `jwt()` needs. `jwt()` calls this when it is created: without the package the process ends with the command
 * that installs it, by a rejection that nobody handles.
 */
export function loadJose(): Promise<Jose> {
  jose ??= optionalPackage('jose', () => import('jose'), 'jwt() needs')
  return jose
}

/** The code of an error of jose. Codes are stable, and the same in another copy of the package. */
export const joseCode = (error: unknown): string | undefined =>
  error instanceof Error && 'code' in error && /^ERR_J(OSE|W)/.test(String(error.code)) ? String(error.code) : undefined
