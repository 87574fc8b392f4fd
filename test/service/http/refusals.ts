import { expect, test } from 'bun:test'
import { catalogue, type ErrorCode } from '../../../src/errors/index.ts'
import { newTenant } from '../../tenants.ts'
import { as } from './app.ts'

export const json = { 'Content-Type': 'application/json' }
export const anyId = '0198b9a4-0000-7000-8000-00000000dead'

/** A request that must be rejected. A body that is neither a string nor bytes is sent as JSON. */
export interface Refusal {
  of: string
  method?: string
  path: string
  headers?: Record<string, string>
  body?: unknown
  code: ErrorCode
  /** The field that the first of `details` names. */
  names?: string
  in?: 'query' | 'params' | 'header'
}

/** One test for each row: the status of the error code, the failure envelope, the field. */
export function testRefusals(rows: Refusal[]): void {
  test.each(rows.map((row) => [`rejects ${row.of}`, row] as const))('%s', async (_, row) => {
    const { method = 'POST', path, headers = row.body === undefined ? {} : json, body, code, names } = row
    const raw = body === undefined || typeof body === 'string' || body instanceof Uint8Array
    const init = body === undefined ? { headers } : { headers, body: raw ? (body as string) : JSON.stringify(body) }
    const answer = await as(newTenant()).send(method, path, init)
    const { status } = catalogue[code]
    expect({ status: answer.status, body: answer.body }).toMatchObject({
      status,
      body: { success: false, statusCode: status, error: { code } },
    })
    if (names === undefined) expect(answer.error?.details).toBeUndefined()
    else expect(answer.error?.details?.[0]).toMatchObject({ path: names, ...(row.in ? { in: row.in } : {}) })
    if (names !== undefined && !row.in) expect(answer.error?.details?.[0]?.in).toBeUndefined()
  })
}
