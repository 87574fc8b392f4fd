import { type Connection, query } from '../database/index.ts'
import { probeChecks } from './checks/probes.ts'
import { type Finding, toFinding } from './finding.ts'
import { failsClosed, firstColumn, inSavepoint } from './savepoint.ts'

/** A tenant that has no rows, and the settings that hold the tenant. */
export interface TenantValue {
  settings: string[]
  value: string
}

/**
 * Evaluates the tenant expression of the policies without a tenant and with two. A function can be pinned by its own SET
 * clause, fall back to a fixed tenant, or have its first result folded into a plan.
 *
 * @param tenant the expression that policies compare the tenant column with
 * @param settings the settings that it reads
 * @returns `value`: a random tenant that the expression returns when it is set
 */
export async function probeTenant(
  connection: Connection,
  tenant: string,
  settings: string[],
): Promise<{ findings: Finding[]; value?: TenantValue | undefined }> {
  const set = settings.map((_, index) => `set_config($${index + 1}, $${settings.length + 1}, true)`).join(', ')
  const evaluateWith = async (value: string) => {
    if (settings.length > 0) await query(connection, `select ${set}`, [...settings, value])
    return (await firstColumn(connection, `select (${tenant})::text`))[0] ?? ''
  }
  const remedy = "Return the setting and nothing else: nullif(current_setting(…, true), '')."
  const broken = (problem: string) => ({ findings: [toFinding(probeChecks.expression, tenant, problem, remedy)] })
  const unknown = (problem: string) => ({ findings: [toFinding(probeChecks.notTried, tenant, problem, remedy)] })
  // With a tenant first: a plan that keeps its first result would keep null, which looks right.
  const follows = settings.length === 0 ? undefined : await followsSetting(connection, evaluateWith)
  const unset = await inSavepoint(connection, () => evaluateWith(''))
  if ('sqlstate' in unset && !failsClosed(unset.sqlstate)) return unknown(`it fails with ${unset.sqlstate}`)
  if (follows === false) return broken('its result does not follow the setting that it reads')
  if ('value' in unset && unset.value) return broken('it returns a tenant when the setting is empty')
  if (settings.length === 0) return unknown('the setting that it reads cannot be determined')
  return { findings: [], value: follows === undefined ? undefined : { settings, value: follows } }
}

/** What the expression returned when it was set; false for another value, undefined for a claim, which is null for a plain value. */
async function followsSetting(
  connection: Connection,
  evaluateWith: (value: string) => Promise<string>,
): Promise<string | false | undefined> {
  for (const kind of [() => crypto.randomUUID(), randomNumber]) {
    const values = [kind(), kind()]
    const results: string[] = []
    for (const value of values) {
      const outcome = await inSavepoint(connection, () => evaluateWith(value))
      results.push('value' in outcome ? outcome.value : '')
    }
    if (results.some((result, index) => result !== '' && result !== values[index])) return false
    if (results[0]) return results[0]
  }
  return undefined
}

const randomNumber = (): string => String(Math.floor(Math.random() * 1e9))
