import type { TenantId } from '../context/index.ts'
import { type Connection, query, type TenantSigner } from '../database/index.ts'
import { findDatabaseError } from '../errors/index.ts'
import type { Check, Finding } from './finding.ts'

/** What no catalogue shows: it is tried, in savepoints of the transaction that looks. */
export const probeChecks = {
  rows: {
    check: 'rows-without-tenant',
    guarantee: 3,
    level: 'error',
    should: 'No table shows a row without a tenant.',
  },
  answer: {
    check: 'tenant-answer',
    guarantee: 14,
    level: 'error',
    should: 'What policies ask for the tenant gives none when none is set, and follows the setting, again and again.',
  },
  signedContext: {
    check: 'signed-context',
    guarantee: 8,
    level: 'error',
    should: 'The database takes tenants as the service sets them: sealed with one of its keys, or plain.',
  },
  notTried: {
    check: 'not-tried',
    guarantee: 3,
    level: 'warning',
    should: 'What policies ask, and every table, can be tried without a tenant.',
  },
} satisfies Record<string, Check>

const found = ({ should: _, ...check }: Check, object: string, problem: string, remedy: string): Finding => ({
  ...check,
  object,
  problem,
  remedy,
})

/** Policies that fail without a tenant show nothing: the setting is unknown, or the empty one cannot be cast. */
const closed = ['42704', '22P02', '22004']

/**
 * Asks for the tenant as policies do: without one, then with two. A function can be pinned by its own SET clause, fall back
 * to somebody, or have its first answer folded into a plan.
 *
 * @param tenant what policies compare the tenant column with
 * @param settings what it reads
 */
export async function probeTenant(connection: Connection, tenant: string, settings: string[]): Promise<Finding[]> {
  const ask = `select (${tenant})::text`
  const set = settings.map((_, index) => `set_config($${index + 1}, $${settings.length + 1}, true)`).join(', ')
  const answerTo = async (asked: string) => {
    if (settings.length > 0) await query(connection, `select ${set}`, [...settings, asked])
    return (await firstColumn(connection, ask))[0] ?? ''
  }
  const remedy = "Let it read the setting and nothing else: nullif(current_setting(…, true), '')."
  // With a tenant first: a plan that keeps its first answer would keep "none", which looks like all is well.
  const follows = settings.length === 0 ? undefined : await isFollowed(connection, answerTo)
  const unset = await attempt(connection, () => answerTo(''))
  if ('sqlstate' in unset && !closed.includes(unset.sqlstate))
    return [found(probeChecks.notTried, tenant, `it fails with ${unset.sqlstate}`, remedy)]
  if (follows === false)
    return [found(probeChecks.answer, tenant, 'it does not follow the setting that it reads', remedy)]
  if ('value' in unset && unset.value)
    return [found(probeChecks.answer, tenant, 'it gives a tenant where none is set', remedy)]
  if (settings.length === 0)
    return [found(probeChecks.notTried, tenant, 'it does not show which setting it reads', remedy)]
  return []
}

/** Whether it gives back what is set; undefined for claims and the like, which give nothing for a plain value. */
async function isFollowed(
  connection: Connection,
  answerTo: (value: string) => Promise<string>,
): Promise<boolean | undefined> {
  for (const kind of [() => crypto.randomUUID(), randomNumber]) {
    const asked = [kind(), kind()]
    const answers: string[] = []
    for (const value of asked) {
      const answer = await attempt(connection, () => answerTo(value))
      answers.push('value' in answer ? answer.value : '')
    }
    if (answers.some((answer, index) => answer !== '' && answer !== asked[index])) return false
    if (answers.some((answer) => answer !== '')) return true
  }
  return undefined
}

const randomNumber = (): string => String(Math.floor(Math.random() * 1e9))

/**
 * Sets a tenant as the service does, and looks whether policies would understand it. Of a function that is not there, or
 * bent, others tell.
 *
 * @param seal as the tenant database has it; `none` where tenants are set plain
 */
export async function probeSigning(connection: Connection, signer: TenantSigner | 'none'): Promise<Finding[]> {
  const tenantId = crypto.randomUUID() as TenantId // it is canonical
  const answer = await attempt(connection, async () => {
    await query(connection, "select set_config('app.current_tenant', $1, true)", [
      signer === 'none' ? tenantId : signer(tenantId),
    ])
    return await firstColumn(connection, 'select tenancy.current_tenant_id()::text')
  })
  const problem = 'sqlstate' in answer && signingProblems[signer === 'none' ? 'plain' : 'signed'][answer.sqlstate]
  return problem ? [found(probeChecks.signedContext, 'tenancy.current_tenant_id()', ...problem)] : []
}

const sameKey = 'Give the service and "bun run migrate" the same TENANT_SIGNING_KEY.'
/** By SQLSTATE: RH001 and RH002 are of sql/25-signed-context.sql, 22P02 is a seal that is read as a uuid. */
const signingProblems: Record<'signed' | 'plain', Record<string, [problem: string, remedy: string]>> = {
  plain: { RH001: ['it takes sealed tenants only, and the service has no key', sameKey] },
  signed: {
    RH001: ['it does not know the key that the service seals with', sameKey],
    RH002: ['by its clock the seals of the service have run out', 'Set the clocks of both hosts, for example by NTP.'],
    '22P02': ['it does not verify seals, and the service seals', sameKey],
  },
}

/** Looks whether any table that the role of the session may read shows a row without a tenant. */
export async function probeRows(connection: Connection, tenantColumn: string): Promise<Finding[]> {
  const tables = await firstColumn(connection, readableTables, [tenantColumn])
  if (tables.length === 0) return []
  const look = (name: string) => `select '${name.replaceAll("'", "''")}' where exists (select from ${name})`
  const all = tables.map(look).join(' union all ')
  const shown = await attempt(connection, () => firstColumn(connection, all), '3s')
  if ('value' in shown) return shown.value.map(showing)

  const findings: Finding[] = []
  for (const name of tables) {
    const one = await attempt(connection, () => firstColumn(connection, look(name)), '500ms')
    if ('value' in one) findings.push(...one.value.map(showing))
    // 42501: row security would apply, and the session has switched it off.
    else if (one.sqlstate === '42501')
      findings.push(found(probeChecks.rows, name, 'it cannot be read: row security is off', sentence))
    else if (!closed.includes(one.sqlstate))
      findings.push(
        found(
          probeChecks.notTried,
          name,
          `a look at it fails with ${one.sqlstate}`,
          'Look again when the table is free.',
        ),
      )
  }
  return findings
}

const sentence = 'Mend what else is found here, and look again.'
const showing = (name: string): Finding => found(probeChecks.rows, name, 'it shows rows without a tenant', sentence)

/** Quoted names of the tables of tenants of which the role may read anything. */
const readableTables = `
select format('%I.%I', n.nspname, c.relname)
from pg_class c
join pg_namespace n on n.oid = c.relnamespace
join pg_attribute a on a.attrelid = c.oid and a.attname = $1 and a.attnum > 0 and not a.attisdropped
where c.relkind in ('r', 'p') and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
  and has_any_column_privilege(c.oid, 'SELECT') and has_schema_privilege(n.oid, 'USAGE')`

/** Does something in a savepoint and undoes it: what it gave, or the SQLSTATE that it failed with. */
async function attempt<T>(
  connection: Connection,
  work: () => Promise<T>,
  timeout = '1s',
): Promise<{ value: T } | { sqlstate: string }> {
  await connection.command('savepoint probe')
  try {
    await query(connection, "select set_config('statement_timeout', $1, true)", [timeout])
    return { value: await work() }
  } catch (error) {
    const sqlstate = findDatabaseError(error)?.sqlstate
    if (sqlstate === undefined) throw error
    return { sqlstate }
  } finally {
    await connection.command('rollback to savepoint probe')
  }
}

async function firstColumn(connection: Connection, text: string, parameters: unknown[] = []): Promise<string[]> {
  const rows = await query(connection, text, parameters)
  return rows.map((row) => String(Object.values(row)[0] ?? ''))
}
