import type postgres from 'postgres'
import { z } from 'zod'
import { type Connection, type ConnectionSource, createPool, type Statement } from '../../../src/database/index.ts'
import { asTenant } from '../../db/app-user.ts'

/** A pool of one connection that records the statements it sends, with their parameters. */
export function recordingPool(url: string): ConnectionSource & { sent: Statement[] } {
  const pool = createPool({ url, size: 1 })
  const sent: Statement[] = []
  const recorded = new WeakSet<Connection>()
  return {
    sent,
    async acquire(holder) {
      const connection = await pool.acquire(holder)
      if (recorded.has(connection)) return connection
      recorded.add(connection)
      const send = connection.send.bind(connection)
      connection.send = (statements, options) => {
        sent.push(...statements)
        return send(statements, options)
      }
      return connection
    },
    release: (connection) => pool.release(connection),
    close: () => pool.close(),
  }
}

export type Plan = {
  'Node Type': string
  'Index Name'?: string
  'Index Cond'?: string
  'Actual Rows'?: number
  'Rows Removed by Filter'?: number
  Plans?: Plan[]
}
const plans = z.array(z.object({ 'QUERY PLAN': z.array(z.object({ Plan: z.custom<Plan>() })) }))
const flat = (plan: Plan): Plan[] => [plan, ...(plan.Plans ?? []).flatMap(flat)]
const literal = (value: unknown) => (value === null ? 'null' : `'${String(value).replaceAll("'", "''")}'`)

/** The nodes of the serving role's plan of a statement, when it runs as a tenant. `mode`: a plan_cache_mode. */
export function explain(
  sql: postgres.Sql,
  tenant: string,
  { text, parameters }: Statement,
  mode: string,
): Promise<Plan[]> {
  return asTenant(sql, tenant, async (tx) => {
    await tx.unsafe(`set local plan_cache_mode = ${mode}`)
    await tx.unsafe(`prepare of_the_list as ${text}`)
    const values = parameters.length > 0 ? `(${parameters.map(literal).join()})` : ''
    const rows = await tx.unsafe(`explain (analyze, format json) execute of_the_list${values}`)
    await tx.unsafe('deallocate of_the_list')
    return plans.parse([...rows]).flatMap((row) => row['QUERY PLAN'].flatMap(({ Plan }) => flat(Plan)))
  })
}
