import { randomUUID } from 'node:crypto'
import { Command, InvalidArgumentError } from '@commander-js/extra-typings'
import { type UndoneChange, undoRequest } from '../../audit/index.ts'
import { isActor, resumeTenant } from '../../context/index.ts'
import { createPool, createTenantDatabase, createTenantSigner } from '../../database/index.ts'
import { ApiError, OperatorError } from '../../errors/index.ts'
import { readSigningKeys } from '../../service/config/signing-keys.ts'
import { escaped, escapedJson } from '../../text/index.ts'
import { loadRowhouseConfig } from '../config.ts'
import { databaseUrl } from '../database-url.ts'
import { findTenantId } from '../find-tenant-id.ts'
import { type CommandIo, print } from '../io.ts'
import { tenantIdOption } from '../options.ts'

export const createUndoCommand = (io: CommandIo) =>
  new Command('undo')
    .description('Undo what a request created, changed and deleted in audited tables, at most 24 hours later.')
    .argument('<request-id>', 'the id of the request, as its response, the logs and the audit trail have it')
    .requiredOption('--tenant <tenant>', 'the tenant: its id or its slug')
    .option('--all', 'undo all transactions of the id, where it names several')
    .option('--dry-run', 'do the same, and roll it back')
    .option('--actor <name>', 'who undoes it, for the audit trail', parseActor, 'cli')
    .option('--json', 'print JSON')
    .addOption(tenantIdOption)
    .addHelpText(
      'after',
      `
Either all of the request is undone or nothing. docs/undo.md says what can stand in the way.

Environment variables:
  DATABASE_URL        the database, as the serving role: the undo runs as a transaction of the tenant
  TENANT_SIGNING_KEY  the key that signs tenants, where the database accepts only signed ones

Exit codes: 0 success, 1 something stands in the way, 2 the command could not run.

Example:
  ${io.runner.run} rowhouse undo 550e8400-e29b-41d4-a716-446655440000 --tenant acme --dry-run`,
    )
    .action(
      async (requestId, { tenant, all, dryRun: isDryRun = false, actor, json: asJson = false, tenantId: type }) => {
        const { tenantId } = await loadRowhouseConfig({ tenantId: type }, io.cwd)
        const [secret] = readSigningKeys(io.env.TENANT_SIGNING_KEY) ?? []
        const connections = createPool({ url: servingUrl(io), size: 1 })
        const db = createTenantDatabase({
          connections,
          tenantId,
          signer: secret === undefined ? undefined : createTenantSigner(secret),
        })
        const own = `cli-${randomUUID()}`
        const report = (result: Result) => print(io, asJson ? jsonOf(result) : textOf(result, requestId, isDryRun))
        try {
          const id = await findTenantId(connections, tenant, tenantId)
          const as = { tenant: { id, actor, requestId: own }, payload: undefined }
          const undo = () => db.write(async (tx) => finished(await undoRequest(tx, requestId, { all }), isDryRun))
          const changes = await resumeTenant(as, undo, { tenantId }).catch(rolledBack)
          if (changes.length === 0)
            throw new OperatorError(`Tenant ${tenant} has no request ${escaped(requestId)} that changed anything`)
          report({ requestId: own, changes })
        } catch (error) {
          if (!(error instanceof ApiError) || error.code !== 'CONFLICT') throw error
          const { message, details = [] } = error
          report({ error: message, problems: details.map(({ path, code, message }) => ({ path, code, message })) })
          io.exitCode = 1
        } finally {
          await db.close()
        }
      },
    )

function parseActor(given: string): string {
  if (isActor(given)) return given
  throw new InvalidArgumentError('It must have 1 to 255 characters.')
}

type Result =
  | { requestId: string; changes: UndoneChange[] }
  | { error: string; problems: { path: string; code: string; message: string }[] }

/** @throws OperatorError without it */
function servingUrl({ env: { DATABASE_URL } }: CommandIo): string {
  if (DATABASE_URL) return databaseUrl(DATABASE_URL, 'DATABASE_URL')
  throw new OperatorError('DATABASE_URL is not set: set it to postgres://app_user:password@host:5432/database')
}

/** What rolls a dry run back. */
class DryRun extends Error {
  constructor(readonly changes: UndoneChange[]) {
    super('A dry run is rolled back')
  }
}

function finished(changes: UndoneChange[], isDryRun: boolean): UndoneChange[] {
  if (isDryRun) throw new DryRun(changes)
  return changes
}

function rolledBack(error: unknown): UndoneChange[] {
  if (error instanceof DryRun) return error.changes
  throw error
}

const jsonOf = (result: Result): string => escapedJson(JSON.stringify(result, undefined, 2))

/** A line for each change or problem, then one that sums up. */
function textOf(result: Result, requestId: string, isDryRun: boolean): string {
  if ('error' in result)
    return [...result.problems.map(({ path, message }) => `${escaped(path)}: ${message}`), result.error].join('\n')
  const lines = result.changes.map(({ action, resource, id }) => `${action} ${escaped(resource)} ${escaped(id)}`)
  const end = isDryRun
    ? 'A dry run: nothing was changed.'
    : `Undone: ${requestId}. This undo is the request ${result.requestId}.`
  return [...lines, end].join('\n')
}
