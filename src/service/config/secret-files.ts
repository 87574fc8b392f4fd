import { readFileSync, statSync } from 'node:fs'

/** The settings whose value can be in a file, whose path is in the variable of the same name with `_FILE` at its end. */
export const secretSettings: readonly string[] = [
  ...['DATABASE_URL', 'DATABASE_REPLICA_URL', 'DATABASE_OWNER_URL', 'DATABASE_ADMIN_URL', 'DATABASE_DIRECTORY_URL'],
  ...['DATABASE_BACKUP_URL', 'BOOKMARK_SECRET', 'TENANT_SIGNING_KEY', 'JWT_SECRET', 'JWT_PUBLIC_KEY'],
  ...['GATEWAY_SECRET', 'GATEWAY_CERTIFICATE'],
]

type Environment = Record<string, string | undefined>

/** An environment in which files are replaced by what they contain. */
export interface SecretFiles {
  environment: Environment
  /** The paths of the files that can be read again, by the names of the settings. */
  paths: Environment
  problems: string[]
}

/**
 * Replaces each `…_FILE` of an environment by its setting.
 *
 * @returns also the problems, which contain neither a path nor a value: a secret may have been set in place of a path
 * @example
 * readSecretFiles({ JWT_SECRET_FILE: '/run/secrets/jwt_secret' }).environment.JWT_SECRET
 */
export function readSecretFiles(given: Environment): SecretFiles {
  const environment = { ...given }
  const paths: Environment = {}
  const problems: string[] = []
  for (const setting of secretSettings) {
    const variable = `${setting}_FILE`
    const path = environment[variable]
    delete environment[variable]
    if (!path) continue
    if (environment[setting]) {
      problems.push(`${setting} and ${variable} are both set: remove one of them`)
      continue
    }
    try {
      environment[setting] = readSecretFile(path)
      if (environment[setting] === '') problems.push(`${variable} names a file that is empty`)
      if (statSync(path).isFile()) paths[setting] = path // a pipe has its content once
    } catch (error) {
      problems.push(`${variable} names a file that ${reasonOf(error as NodeJS.ErrnoException)}`) // node:fs throws errors
    }
  }
  return { environment, paths, problems }
}

/**
 * Reads a secret from a file, without the newlines at its end.
 *
 * @throws Error of the system when the file cannot be read
 */
const readSecretFile = (path: string): string => withoutNewline(readFileSync(path, 'utf8'))

/** Cuts the newlines at the end of a file, as `$(cat …)` does. */
export const withoutNewline = (text: string): string => text.replace(/[\r\n]+$/, '')

const reasons: Record<string, string> = {
  ENOENT: 'does not exist',
  EISDIR: 'is a folder',
  EACCES: 'may not be read by this user',
}

/** The message of the system contains the path. */
const reasonOf = ({ code = '' }: NodeJS.ErrnoException): string => reasons[code] ?? `cannot be read (${code})`
