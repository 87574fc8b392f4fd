import type { TestClient } from './client.ts'
import { needsTenant, parametersOf, successOf } from './contract-document.ts'
import { type Ids, makeRows, unknownIds, whyNoRow, withIds } from './contract-paths.ts'
import {
  assertEqual,
  type ContractCase,
  expectDeclared,
  type Subject,
  send,
  traits,
  unless,
  validBody,
  whyNoRequest,
} from './contract-send.ts'

/** A tag that no resource has. */
const otherTag = '"rowhouse-contract"'

/** The cases of an operation that declares `If-None-Match` and 304, or `If-Match` and 412 (RFC 9110, section 13). */
export function conditionCases(subject: Subject): ContractCase[] {
  const { client, newTenant, document, operation, method, path } = subject
  const isRead = method === 'GET'
  const name = isRead ? 'if-none-match' : 'if-match'
  const isDeclared = parametersOf(document, operation, 'header').some((one) => one.name.toLowerCase() === name)
  // Without the response, the condition of the app has another meaning.
  if (!needsTenant(operation) || !isDeclared || !((isRead ? '304' : '412') in operation.responses)) return []
  const skip = whyNoRequest(subject) ?? whyNoRow(subject)

  /** A case with a row of a new tenant. */
  const withRow = (name: string, run: (as: TestClient, ids: Ids) => Promise<void>) =>
    unless(skip, name, async () => {
      const as = client.as(newTenant())
      await run(as, await makeRows(subject, as))
    })
  const sendAs = async (as: TestClient, ids: Ids, headers: Record<string, string>) =>
    await send(subject, as, ids, await validBody(subject, as), headers)
  const expectWith = async (as: TestClient, ids: Ids, headers: Record<string, string>, status: number) =>
    expectDeclared(subject, await sendAs(as, ids, headers), status)

  const reads = [
    withRow('responds with 304 to a client that has its version', async (as, ids) => {
      const etag = (await sendAs(as, ids, {})).headers.get('ETag')
      if (etag === null)
        throw new Error(`${operation.operationId} declares If-None-Match, and its response has no ETag`)
      await expectWith(as, ids, { 'If-None-Match': `${otherTag}, W/${etag}` }, 304)
      await expectWith(as, ids, { 'If-None-Match': otherTag }, successOf(operation))
    }),
    withRow('rejects a malformed If-None-Match', (as, ids) =>
      expectWith(as, ids, { 'If-None-Match': 'malformed' }, 400),
    ),
  ]
  const writes = [
    withRow('writes what has the version of If-Match, and nothing else', async (as, ids) => {
      await expectWith(as, ids, { 'If-Match': otherTag }, 412)
      const etag = (await as.get(withIds(path, ids))).headers.get('ETag')
      await expectWith(as, ids, { 'If-Match': etag ?? '*' }, successOf(operation))
    }),
    withRow('rejects a malformed If-Match', (as, ids) => expectWith(as, ids, { 'If-Match': 'malformed' }, 400)),
    withRow("responds to If-Match: * for another tenant's row as for an unknown one", async (_owner, theirs) => {
      const other = client.as(newTenant())
      const absent = await sendAs(other, unknownIds(subject), { 'If-Match': '*' })
      const foreign = await sendAs(other, theirs, { 'If-Match': '*' })
      assertEqual(traits(foreign), traits(absent), 'the responses differ')
      expectDeclared(subject, foreign, 404)
    }),
  ]
  return isRead ? reads : writes
}
