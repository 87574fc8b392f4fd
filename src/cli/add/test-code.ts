import type { TenantIdType } from '../../context/index.ts'
import { tenantDatabaseCode, tenantIdField } from '../output/option-code.ts'
import { fit, importLines } from './code.ts'
import type { Kind } from './kinds.ts'
import { type ParentRows, parentRows } from './parent-rows.ts'
import { importOf, type Resource } from './resource.ts'

/** The module of the resource's tests, which send requests to its routes on a real database. */
export function testCode(resource: Resource): string {
  const { names, columns, layout, paths, project } = resource
  const { One, folder, word, words } = names
  const file = paths.test
  const parents = parentRows(resource)
  const values = columns.flatMap(({ key, kind }) => (kind.references ? [] : [`${key}: ${sampleOf(kind, 0)}`]))
  const changed = columns.find(({ kind }) => !kind.references)
  const a = /^[aeiou]/.test(word) ? 'an' : 'a'
  const isNode = layout.testRunner === 'node:test'
  const equal = (actual: string, expected: string) =>
    isNode ? `assert.deepEqual(${actual}, ${expected})` : `expect(${actual}).toEqual(${expected})`
  const imports = importLines([
    [isNode ? ['test', ...afterOf(resource)] : ['expect', 'test', ...afterOf(resource)], layout.testRunner],
    ...(parents.lines.length > 0 ? layout.kit(file, ['withTenant']) : []),
    ...appImports(resource, parents.lines.length > 0),
    ...parents.imports.map(({ names, file: module }) => importOf(resource, file, names, module)),
    importOf(resource, file, [`type ${One}`], paths.schemas),
  ])
  const path = `\`/${folder}/\${data.id}\``
  const change = changed ? `{ ${changed.key}: ${sampleOf(changed.kind, 1)} }` : 'values'
  return `${isNode ? "import assert from 'node:assert/strict'\n" : ''}${imports}

${appCode(resource)}const path = '/${folder}'

${parents.lines.length > 0 ? `${createParents(word, a, parents, project.tenantId)}\n\n` : ''}/** A client of a new tenant, and the body of ${a} ${word}. */
async function newTenant() {
  const id = ${randomIds[project.tenantId]}
${fit('const values = {', [...values, ...(parents.lines.length > 0 ? ['...(await createParents(id))'] : [])], '}', '  ')}
  return { client: as(id), values }
}

test('creates, lists, updates and deletes ${a} ${word}', async () => {
  const { client, values } = await newTenant()
  const { status, data } = await client.post<${One}>(path, values)
  ${equal('status', '201')}
  ${equal('data', '{ ...data, ...values }')}
  ${equal(`(await client.get<${One}[]>(path)).data`, '[data]')}
  const change = ${change}
  const updated = await client.patch<${One}>(${path}, change)
  ${equal('updated.data', '{ ...data, ...change, updatedAt: updated.data.updatedAt }')}
  ${equal(`(await client.get<${One}>(${path})).data`, 'updated.data')}
  ${equal(`(await client.delete(${path})).status`, '204')}
  ${equal('(await client.get(path)).data', '[]')}
})

test("another tenant's ${word} looks like one that does not exist", async () => {
  const [{ client, values }, other] = [await newTenant(), await newTenant()]
  const { data } = await client.post<${One}>(path, values)
  ${equal('(await other.client.get(path)).data', '[]')}
  ${equal(`(await other.client.get(${path})).status`, '404')}
  ${equal(`(await other.client.patch(${path}, ${change.replace('values', 'other.values')})).status`, '404')}
  ${equal(`(await other.client.delete(${path})).status`, '404')}
  ${equal(`(await client.get(${path})).data`, 'data')}
})

test('creates one ${word} for a request that is sent twice with one key', async () => {
  const { client, values } = await newTenant()
  const headers = { 'Idempotency-Key': crypto.randomUUID() }
  const first = await client.post<${One}>(path, values, headers)
  const second = await client.post<${One}>(path, values, headers)
  ${equal("second.headers.get('Idempotency-Replayed')", "'true'")}
  ${equal('second.data', 'first.data')}
  ${equal('(await client.get(path)).data', '[first.data]')}
})

test('changes no ${word} that has another version than If-Match says', async () => {
  const { client, values } = await newTenant()
  const { data, headers } = await client.post<${One}>(path, values)
  const ifMatch = { 'If-Match': headers.get('ETag') ?? '' }
  const change = ${change}
  ${equal(`(await client.patch(${path}, change, ifMatch)).status`, '200')}
  ${equal(`(await client.patch(${path}, change, ifMatch)).status`, '412')}
  ${equal(`(await client.delete(${path}, ifMatch)).status`, '412')}
})

test('lists every ${word} once, page by page', async () => {
  const { client, values } = await newTenant()
  const created: string[] = []
  for (let count = 0; count < 3; count += 1) created.push((await client.post<${One}>(path, values)).data.id)
  const listed: string[] = []
  let cursor = ''
  do {
    const { data, body } = await client.get<${One}[]>(\`\${path}?limit=2&cursor=\${cursor}\`)
    listed.push(...data.map(({ id }) => id))
    const { pagination } = (body as { meta: { pagination: { nextCursor: string | null } } }).meta
    cursor = pagination.nextCursor ?? ''
  } while (cursor !== '')
  ${equal('listed.toSorted()', 'created.toSorted()')}
})

test('rejects ${a} ${word} with a field that ${words} do not have', async () => {
  const { client, values } = await newTenant()
  ${equal('(await client.post(path, { ...values, unknown: true })).error?.code', "'VALIDATION_FAILED'")}
})
`
}

/** A value as code; one of an enumeration keeps its type. */
const sampleOf = ({ zod, samples }: Kind, index: 0 | 1): string =>
  `${samples[index]}${zod.startsWith('z.enum') ? ' as const' : ''}`

/** The hook that closes the connections of the test's own app. */
const afterOf = ({ layout }: Resource): string[] =>
  layout.testApp ? [] : [layout.testRunner === 'node:test' ? 'after' : 'afterAll']

function appImports(resource: Resource, usesDatabase: boolean) {
  const { names, layout, paths, references } = resource
  const file = paths.test
  if (layout.testApp)
    return [
      importOf(resource, file, ['as'], layout.testApp),
      ...(usesDatabase && layout.testDatabase ? [importOf(resource, file, ['db'], layout.testDatabase)] : []),
    ]
  const kit = 'createErrorHandler createPool createRouter createTenantDatabase header tenant unverified'.split(' ')
  const routes = [...(references.length > 0 ? [`${names.one}Constraints`] : []), `${names.one}Routes`]
  return [
    ...layout.kit(file, [...kit, 'type TenantEnv']),
    ...layout.kit(file, ['cursors'], '/lists'),
    ...layout.kit(file, ['testClient'], '/testing'),
    importOf(resource, file, routes, paths.routes),
  ]
}

function appCode({ names, layout, references, project }: Resource): string {
  if (layout.testApp) return ''
  const options = references.length > 0 ? `{ constraints: ${names.one}Constraints }` : ''
  return `const url = process.env['DATABASE_URL']
if (!url) throw new Error('DATABASE_URL is not set: set it to the login of the service in a test database')
const db = ${tenantDatabaseCode(project, 2)}
${layout.testRunner === 'node:test' ? 'after' : 'afterAll'}(() => db.close())

const app = createRouter<TenantEnv>()
app.onError(createErrorHandler(${options}))
app.use(tenant({ from: header('X-Tenant-Id'), auth: unverified()${tenantIdField(project)} }))
app.use(cursors({ secret: crypto.randomUUID() }))
app.route('/${names.folder}', ${names.one}Routes({ db }))
const { as } = testClient(app)

`
}

/** Code that makes a tenant id of its own for each test. */
const randomIds: Record<TenantIdType, string> = {
  uuid: 'crypto.randomUUID()',
  text: "['t', crypto.randomUUID()].join('-')",
  bigint: 'String(1 + Math.floor(Math.random() * 1e15))',
}

/** It awaits in the lines that it gets. */
const work = 'async (tx) => {'

const createParents = (word: string, a: string, { lines, result }: ParentRows, tenantId: TenantIdType): string =>
  `const first = <Row>([row]: Row[]): Row => {
  if (!row) throw new Error('A query returned no row')
  return row
}

/** Creates the rows that ${a} ${word} refers to, and returns their ids. */
const createParents = (tenantId: string) =>
  withTenant(tenantId, () =>
    db.write(${work}
${lines.join('\n')}
      return { ${result} }
    }),${
      tenantId === 'uuid'
        ? ''
        : `
    { tenantId: '${tenantId}' },`
    }
  )`
