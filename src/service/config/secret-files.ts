import { readFileSync, statSync } from 'node:fs'

/** The settings whose value can be in a file, whose path is in the variable of the same name with `_FILE` at its end. */
export const secretSettings: readonly string[] = [
  ...['DATABASE_URL', 'DATABASE_REPLICA_URL', 'DATABASE_OWNER_URL', 'DATABASE_ADMIN_URL', 'DATABASE_DIRECTORY_URL'],
  ...[
    'DATABASE_BACKUP_URL',
    'DATABASE_WORKER_URL',
    'ROWHOUSE_SECRET',
    'ROWHOUSE_SECRET_PREVIOUS',
    'TENANT_SIGNING_KEY',
    'AUDIT_SIGNING_KEY',
    'AUDIT_VERIFY_KEY',
  ],
  ...['JWT_SECRET', 'JWT_PUBLIC_KEY', 'GATEWAY_SECRET', 'GATEWAY_CERTIFICATE'],
]

/** Those that commands read. The others are of the service alone. */
export const commandSecrets: readonly string[] = secretSettings.filter(
  (name) => name.startsWith('DATABASE_') || name === 'TENANT_SIGNING_KEY' || name.startsWith('AUDIT_'),
)

type Environment = Record<string, string | undefined>

/** An environment in which files are replaced by what they contain. */
export interface SecretFiles {
  environment: Environment
  /** The paths of the files that can be read again, by the names of the settings. */
  paths: Environment
  /** How messages name the settings that came from files. */
  names: Environment
  problems: string[]
}

/**
 * Replaces each `…_FILE` of an environment by its setting.
 *
 * @param settings those whose files are read. @default all that hold a secret
 * @returns also the problems, which contain neither a path nor a value: a secret may have been set in place of a path
 * @example
 * readSecretFiles({ JWT_SECRET_FILE: '/run/secrets/jwt_secret' }).environment.JWT_SECRET
 */
export function readSecretFiles(given: Environment, settings = secretSettings): SecretFiles {
  const environment = { ...given }
  const [paths, names]: [Environment, Environment] = [{}, {}]
  const problems: string[] = []
  for (const setting of settings) {
    const variable = `${setting}_FILE`
    const path = environment[variable]
    delete environment[variable]
    if (!path) continue
    if (environment[setting]) {
      problems.push(`${setting} and ${variable} are both set: remove one of them`)
      continue
    }
    names[setting] = `${setting} (from ${variable})`
    try {
      environment[setting] = readSecretFile(path)
      if (environment[setting] === '') problems.push(`${variable} names a file that is empty`)
      if (statSync(path).isFile()) paths[setting] = path // a pipe has its content once
    } catch (error) {
      problems.push(`${variable} names a file that ${reasonOf(error as NodeJS.ErrnoException)}`) // node:fs throws errors
    }
  }
  return { environment, paths, names, problems }
}

/** @throws Error of the system when the file cannot be read */
const readSecretFile = (path: string): string => secretIn(readFileSync(path, 'utf8'))

/** Cuts the byte order mark of a file, and the newlines at its end, as `$(cat …)` does. */
export const secretIn = (text: string): string => text.replace(/^\uFEFF/, '').replace(/[\r\n]+$/, '')

const reasons: Record<string, string> = {
  ENOENT: 'does not exist',
  EISDIR: 'is a folder',
  EACCES: 'may not be read by this user',
}

/** The message of the system contains the path. */
const reasonOf = ({ code = '' }: NodeJS.ErrnoException): string => reasons[code] ?? `cannot be read (${code})`
