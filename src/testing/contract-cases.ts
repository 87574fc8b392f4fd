import { exampleOf, hasJsonBody, keyOf, needsTenant, successOf } from './contract-document.ts'
import {
  acceptedIds,
  createIn,
  creatorOf,
  hasForm,
  makeRows,
  placeholdersOf,
  unknownId,
  unknownIds,
  whyNoRow,
  withIds,
  withQuery,
} from './contract-paths.ts'
import {
  assertEqual,
  type ContractCase,
  expectDeclared,
  jsonInit,
  refuseLimit,
  type Subject,
  send,
  traits,
  unless,
  validBody,
  whyNoRequest,
} from './contract-send.ts'
import { idLike } from './unknown-id.ts'

export function casesOf(subject: Subject): ContractCase[] {
  if (!needsTenant(subject.operation)) return [withoutTenant(subject)]
  return [
    ...tenantCases(subject),
    ...placeholdersOf(subject.path).flatMap((name) => idCases(subject, name)),
    ...(subject.operation.requestBody ? bodyCases(subject) : []),
    ...(subject.method === 'PATCH' ? [emptyChange(subject)] : []),
    ...(hasJsonBody(subject.operation) ? referenceCases(subject) : []),
    ...(subject.operation['x-idempotent'] ? keyCases(subject) : []),
  ]
}

function withoutTenant(subject: Subject): ContractCase {
  const parameter = placeholdersOf(subject.path).length > 0 ? 'its path has parameters' : undefined
  const skip = whyNoRequest(subject) ?? parameter
  return unless(skip, 'responds without a tenant and ignores the tenant header', async () => {
    const { client, document, operation } = subject
    for (const as of [client.anonymous, client.as('nonsense')]) {
      const response = await send(subject, as, {}, exampleOf(document, operation))
      expectDeclared(subject, response, successOf(operation))
    }
  })
}

function tenantCases(subject: Subject): ContractCase[] {
  const { client, newTenant, operation, paths, path, method } = subject
  return [
    {
      name: 'rejects a request without a tenant',
      async run() {
        expectDeclared(subject, await send(subject, client.anonymous, unknownIds(subject), {}), 403)
      },
    },
    {
      name: 'rejects a malformed tenant',
      async run() {
        expectDeclared(subject, await send(subject, client.as('not a tenant'), unknownIds(subject), {}), 400)
      },
    },
    unless(whyNoRequest(subject) ?? whyNoRow(subject), 'responds as the document declares', async () => {
      const as = client.as(newTenant())
      const ids = await makeRows(subject, as)
      // A list that is not empty shows the schema of its items.
      const creator = method === 'GET' ? creatorOf(paths, path) : undefined
      if (creator && hasJsonBody(creator)) await createIn(subject, path, as, ids)
      const response = await send(subject, as, ids, await validBody(subject, as))
      const isMissing = response.status === 404 && mayBeMissing(subject)
      expectDeclared(subject, response, isMissing ? 404 : successOf(operation))
    }),
  ]
}

/** Whether an operation reads the one thing of its path, which a new tenant need not have. */
const mayBeMissing = ({ method, path, operation }: Subject): boolean =>
  method === 'GET' && placeholdersOf(path).length === 0 && '404' in operation.responses

function idCases(subject: Subject, name: string): ContractCase[] {
  const { client, newTenant, path, paths, method } = subject
  // Only the parent of a list may be unknown without a failure: the list is empty.
  const isItem = name === 'id' || path.endsWith(`{${name}}`)
  return [
    unless(
      whyNoRequest(subject) ?? whyNoRow(subject),
      `responds to another tenant's ${name} as to an unknown ${name}`,
      async () => {
        const [a, b] = [client.as(newTenant()), client.as(newTenant())]
        const body = await validBody(subject, b)
        const theirs = await makeRows(subject, a)
        // Above the parameter stand rows of the caller's own, below it rows of the other tenant.
        const above = placeholdersOf(path).slice(0, placeholdersOf(path).indexOf(name))
        const own = above.length > 0 ? await makeRows(subject, b) : {}
        const kept = Object.fromEntries(above.map((parameter) => [parameter, own[parameter] ?? '']))
        const unknown = Object.entries(theirs).map(([parameter, id]) => [parameter, unknownId(subject, parameter, id)])
        if (paths[path]?.get) await a.get(withIds(path, theirs)) // fills a cache that ignores the tenant
        const foreign = await send(subject, b, { ...theirs, ...kept }, body)
        const absent = await send(subject, b, { ...Object.fromEntries(unknown), ...kept }, body)
        if (!isItem && method !== 'GET' && absent.status < 400)
          throw new Error(`${subject.operation.operationId} accepts an unknown ${name}: ${JSON.stringify(absent.body)}`)
        expectDeclared(subject, absent, isItem ? 404 : absent.status)
        assertEqual(traits(foreign), traits(absent), 'the responses differ')
      },
    ),
    unless(
      (hasForm(subject, name) ? undefined : `the document gives ${name} no form`) ?? whyNoRequest(subject),
      `rejects a malformed ${name} and names the field`,
      async () => {
        const as = client.as(newTenant())
        const ids = { ...unknownIds(subject), [name]: 'not-an-id' }
        const response = await send(subject, as, ids, await validBody(subject, as))
        expectDeclared(subject, response, 400)
        assertEqual(response.error?.details?.[0]?.path, name, 'the error names another field')
      },
    ),
  ]
}

function bodyCases(subject: Subject): ContractCase[] {
  const { client, newTenant, document, operation, method, path } = subject
  const rejects = (title: string, status: number, init: RequestInit) =>
    unless(whyNoRequest(subject), `rejects ${title}`, async () => {
      const as = client.as(newTenant())
      const to = withQuery(document, operation, withIds(path, await acceptedIds(subject, as)))
      const headers = { ...init.headers, ...keyOf(operation) }
      expectDeclared(subject, refuseLimit(await as.send(method, to, { ...init, headers })), status)
    })
  return [
    rejects('a body that is not JSON', 400, { ...jsonInit(undefined), body: '{' }),
    rejects('a body of another media type', 415, { body: 'a=1', headers: { 'Content-Type': 'text/plain' } }),
    rejects('an unknown field', 400, jsonInit({ ...exampleOf(document, operation), tenantId: newTenant() })),
    rejects('a missing body', 400, jsonInit(undefined)),
  ]
}

/** An update of nothing is a mistake of the client, or nothing to do; it is no failure of the server. */
const emptyChange = (subject: Subject): ContractCase =>
  unless(
    whyNoRequest(subject) ?? whyNoRow(subject) ?? (hasJsonBody(subject.operation) ? undefined : 'it has no body'),
    'responds to an empty change as the document declares',
    async () => {
      const as = subject.client.as(subject.newTenant())
      const response = await send(subject, as, await makeRows(subject, as), {})
      const isExpected = [successOf(subject.operation), 400, 422].includes(response.status)
      expectDeclared(subject, response, isExpected ? response.status : 400)
    },
  )

/** A route that is declared as idempotent, and does not respond with `once`, does the work again. */
function keyCases(subject: Subject): ContractCase[] {
  const { client, newTenant, operation, method, path } = subject
  const isRequired = operation['x-idempotent'] === 'required'
  return [
    unless(
      whyNoRequest(subject) ?? whyNoRow(subject),
      'answers a request again under its Idempotency-Key, and only for its tenant',
      async () => {
        const [a, b] = [client.as(newTenant()), client.as(newTenant())]
        const key = { 'Idempotency-Key': crypto.randomUUID() }
        const ids = await makeRows(subject, a)
        const body = await validBody(subject, a)
        const first = await send(subject, a, ids, body, key)
        expectDeclared(subject, first, successOf(operation))
        const second = await send(subject, a, ids, body, key)
        expectDeclared(subject, second, successOf(operation))
        assertEqual(second.headers.get('Idempotency-Replayed'), 'true', 'the work was done again')
        assertEqual(second.data, first.data, 'the answers differ')
        const foreign = await send(subject, b, await makeRows(subject, b), await validBody(subject, b), key)
        assertEqual(foreign.headers.has('Idempotency-Replayed'), false, 'another tenant got the answer')
      },
    ),
    ...(isRequired
      ? [
          unless(whyNoRequest(subject), 'rejects a request without an Idempotency-Key', async () => {
            const as = client.as(newTenant())
            const response = refuseLimit(await as.send(method, withIds(path, unknownIds(subject)), jsonInit({})))
            expectDeclared(subject, response, 400)
          }),
        ]
      : []),
  ]
}

function referenceCases(subject: Subject): ContractCase[] {
  const { client, newTenant, document, fixtures, operation } = subject
  const fields = Object.keys(exampleOf(document, operation)).filter((name) => name in fixtures)
  return fields.map((field) =>
    unless(
      whyNoRequest(subject) ?? whyNoRow(subject),
      `responds to another tenant's ${field} as to an unknown one`,
      async () => {
        const [a, b] = [client.as(newTenant()), client.as(newTenant())]
        const ids = await makeRows(subject, b)
        const body = await validBody(subject, b)
        const theirs = (await fixtures[field]?.(a)) ?? ''
        const foreign = await send(subject, b, ids, { ...body, [field]: theirs })
        const absent = await send(subject, b, ids, { ...body, [field]: idLike(theirs) })
        expectDeclared(subject, absent, 422)
        assertEqual(traits(foreign), traits(absent), 'the responses differ')
      },
    ),
  )
}
