import { type ConnectionSource, createPool } from '../../database/index.ts'
import { createDirectoryEditor, type DirectoryEditor, TenantExists, TenantNotFound } from '../../directory/index.ts'
import { ApiError, findDatabaseError, OperatorError } from '../../errors/index.ts'
import { databaseUrl } from '../database-url.ts'
import { type CommandIo, print } from '../io.ts'
import { jsonLog } from '../output/json-log.ts'

interface EditorUse {
  /** What the operator named the tenant by, for the message that it does not exist. */
  tenant?: string
  /** Whether a tenant may get a reserved slug. */
  allowReserved?: boolean | undefined
}

/**
 * Prints the result of work on the tenant directory.
 *
 * @throws OperatorError with what to do
 */
export async function withEditor(
  io: CommandIo,
  work: (editor: DirectoryEditor) => Promise<string>,
  { tenant = '', allowReserved = false }: EditorUse = {},
): Promise<void> {
  const log = jsonLog(io.stderr) // stdout is for the result
  const editor = createDirectoryEditor({ connections: openPool(io), log, ...(allowReserved && { reserved: [] }) })
  try {
    print(io, await work(editor))
  } catch (error) {
    throw toOperatorError(error, tenant)
  } finally {
    await editor.close()
  }
}

function openPool(io: CommandIo): ConnectionSource {
  const { DATABASE_DIRECTORY_URL, DATABASE_ADMIN_URL, DATABASE_OWNER_URL } = io.env
  const urls = { DATABASE_DIRECTORY_URL, DATABASE_ADMIN_URL, DATABASE_OWNER_URL }
  const [variable, url] = Object.entries(urls).find(([, one]) => one) ?? []
  if (!variable || !url)
    throw new OperatorError(
      'DATABASE_DIRECTORY_URL is not set: set it to postgres://app_directory:password@host:5432/database, or set ' +
        'DATABASE_ADMIN_URL or DATABASE_OWNER_URL',
    )
  return createPool({ url: databaseUrl(url, variable), size: 1 })
}

const notMigrated = 'The tenant directory of this release does not exist: run "rowhouse migrate" first'
/** By SQLSTATE (PostgreSQL, appendix A). `describeStartProblem` would name the remedies of the service. */
const messages: Record<string, string> = {
  '3F000': notMigrated,
  '42P01': notMigrated,
  '42703': notMigrated,
  '42883': notMigrated,
  '42501':
    'This login may not manage tenants: log in as the owner, or as app_directory, which "rowhouse migrate" creates when ' +
    'DATABASE_DIRECTORY_URL is set',
}

function toOperatorError(error: unknown, tenant: string): unknown {
  const options = { cause: error }
  if (error instanceof TenantNotFound)
    return new OperatorError(`Tenant ${tenant} does not exist: "rowhouse tenant list" shows all tenants`, options)
  if (error instanceof TenantExists || (error instanceof ApiError && error.code === 'VALIDATION_FAILED'))
    return new OperatorError(
      (error.details ?? []).map(({ path, message }) => `${path}: ${message}`).join('\n'),
      options,
    )
  const message = messages[findDatabaseError(error)?.sqlstate ?? '']
  return message === undefined ? error : new OperatorError(message, options)
}
