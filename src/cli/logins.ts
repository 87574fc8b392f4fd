import { type Connection, openConnection, query } from '../database/index.ts'
import { causesOf, OperatorError } from '../errors/index.ts'
import { parseDatabaseUrl } from '../text/index.ts'
import { databaseUrl } from './database-url.ts'
import { identifier } from './output/sql-text.ts'

/** A login that a migration prepares, from the environment. */
export interface Login {
  /** `DATABASE_URL`, `DATABASE_ADMIN_URL` or another one that a role has */
  variable: string
  url: string
  role: string
  password: string
}

/**
 * Reads the login of a URL in the environment.
 *
 * @param byDefault the usual name of the role: see {@link roleOf}
 * @returns undefined when the variable is not set
 * @throws OperatorError when the URL is not understood or names no user
 */
export function readLogin(variable: string, url: string | undefined, byDefault: string): Login | undefined {
  if (!url) return undefined
  const { user, password } = parseDatabaseUrl(databaseUrl(url, variable))
  if (user === '') throw new OperatorError(`${variable} must name a user: postgres://${byDefault}:password@host:5432/…`)
  return { variable, url, role: roleOf(user, byDefault), password }
}

/** Supabase's pooler takes the project from the user, as 20 letters or digits: app_user.abcdefghijklmnopqrst */
function roleOf(user: string, byDefault: string): string {
  if (user.startsWith(`${byDefault}.`) && /^\w+$/.test(user.slice(byDefault.length + 1))) return byDefault
  const [, role = user] = /^(.+)\.[a-z0-9]{20}$/.exec(user) ?? []
  return role
}

/**
 * Refuses a login whose role exists with another password, before a migration grants the role anything in the database.
 *
 * @throws OperatorError with what to do
 */
export async function assertPasswords(ownerUrl: string, logins: Login[]): Promise<void> {
  const roles = await existing(ownerUrl, logins)
  for (const { variable, url, role, password } of logins) {
    if (password === '' || !roles.includes(role)) continue
    const failure = await failureOf(url)
    if (failure?.code !== '28P01') continue // tried again after the migration, which lets the role connect
    throw new OperatorError(
      `${variable}: ${failure.message}\n${role} exists with another password. Another database of this server may use it: then give ` +
        `this database a role of its own, with another user in ${variable}. Otherwise set the password: ` +
        `alter role ${identifier(role)} password '…'; Nothing was changed.`,
    )
  }
}

async function existing(ownerUrl: string, logins: Login[]): Promise<string[]> {
  if (logins.length === 0) return []
  const connection = openConnection({ url: ownerUrl })
  try {
    const names = JSON.stringify(logins.map(({ role }) => role))
    const text = 'select rolname from pg_catalog.pg_roles where rolname in (select json_array_elements_text($1::json))'
    return (await query(connection, text, [names])).map(({ rolname }) => String(rolname))
  } finally {
    await connection.close()
  }
}

/**
 * Logs in once, as the service will do, after the migration.
 *
 * @returns what is wrong and what to do, or undefined when the login works
 */
export async function loginProblem(login: Login): Promise<string | undefined> {
  const failure = await failureOf(login.url, login.role)
  return failure && `${login.variable}: ${failure.message}\nThe database is migrated. ${remedyOf(failure, login)}`
}

interface Failure {
  /** The SQLSTATE, or the code of the operating system. */
  code: string
  message: string
  /** Whether the server or a pooler sent the failure. */
  isAnswer: boolean
}

/** @param role the role that the login must lead to */
async function failureOf(url: string, role?: string): Promise<Failure | undefined> {
  let connection: Connection | undefined
  try {
    connection = openConnection({ url })
    const [row] = await query(connection, 'select current_user::text as role')
    const found = String(row?.role)
    if (role === undefined || found === role) return undefined
    return { code: 'other role', message: `the login works as the role ${found}`, isAnswer: true }
  } catch (error) {
    const cause = causesOf(error).at(-1)
    const code = cause && 'code' in cause ? String(cause.code) : ''
    return { code, message: cause?.message ?? String(error), isAnswer: cause !== undefined && 'severity' in cause }
  } finally {
    await connection?.close()
  }
}

function remedyOf({ code, message, isAnswer }: Failure, { variable, url, role, password }: Login): string {
  const name = identifier(role)
  const setPassword = `alter role ${name} password '…';`
  if (password === '' && /password must be/.test(message))
    return `${variable} has no password, and the server asks for one. Add it there, and set it: ${setPassword}`
  const remedies: Record<string, string> = {
    '28P01': `Correct ${variable}, set the password, and behind a pooler its list of users too: ${setPassword}`,
    '28000': `Let the role log in: alter role ${name} login; or allow it in pg_hba.conf.`,
    '42501': `Correct the database in ${variable}, or let the role connect: grant connect on database ${identifier(parseDatabaseUrl(url).database)} to ${name};`,
    '3D000': `Correct the database in ${variable}.`,
    '53300': `The role or the server has no free connection, so the login was not tried.`,
    'other role': `Correct ${variable}: the migration prepared ${role}.`,
  }
  const known = remedies[code]
  if (known !== undefined) return known
  return isAnswer
    ? `The server or a pooler refuses the login: correct ${variable}, or the pooler's list of users.`
    : `The login was not tried: ${variable} does not work from here. Correct it, or check the network.`
}
