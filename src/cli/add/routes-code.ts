import { arrow, fit, importLines } from './code.ts'
import type { Column } from './columns.ts'
import { capital, type Names } from './names.ts'
import { importOf, type Resource } from './resource.ts'

/** The module of the routes. */
export function routesCode(resource: Resource): string {
  const { names, columns, references, layout, paths, known } = resource
  const { one, One, Many, words, word, folder } = names
  const hasReferences = references.length > 0
  const imports = importLines([
    [['z'], '@hono/zod-openapi'],
    ...layout.kit(paths.routes, [
      ...['type TenantDatabase', 'type TenantEnv', 'ApiError', ...(hasReferences ? ['type Constraints'] : [])],
      ...'created createRouter etagHeaders id json jsonBody listOf notModified ok once rowOf successOf tenantRoute'.split(
        ' ',
      ),
    ]),
    importOf(resource, paths.routes, [`type ${One}Row`], known ? paths.repository : paths.schema),
    importOf(resource, paths.routes, [`${one}Pages`], paths.pages),
    importOf(resource, paths.routes, functionsOf(names), paths.repository),
    importOf(resource, paths.routes, [`Create${One}`, One, `Update${One}`], paths.schemas),
  ])
  const version = `${one}Version`
  const a = /^[aeiou]/.test(word) ? 'an' : 'a'
  const codes = hasReferences ? "'INVALID_REFERENCE', 'CONFLICT'" : "'CONFLICT'"
  return `${imports}
${hasReferences ? `\n${constraints(resource)}\n` : ''}
const tags = ['${folder}']
const params = z.object({ id: id() })

const to${One} = (row: ${One}Row): z.input<typeof ${One}> => ({
  id: row.id,
${columns.map((column) => `  ${column.key}: ${wireOf(column)},`).join('\n')}
  createdAt: row.createdAt.toISOString(),
  updatedAt: row.updatedAt.toISOString(),
})

/** The ${word} and its version. */
${fit(`const shown = (row: ${One}Row) => ({`, [`data: to${One}(row)`, `headers: etagHeaders(${version}.etag(row.updatedAt))`], '})')}

const missing = () => new ApiError('NOT_FOUND', '${capital(word)} not found')

/** The REST routes of a tenant's ${words}. */
export const ${one}Routes = ({ db }: { db: TenantDatabase }) =>
  createRouter<TenantEnv>()
    .openapi(
      tenantRoute({
        method: 'get',
        path: '/',
        operationId: 'list${Many}',
        permission: '${folder}:read',
        summary: 'List ${words}, by default the newest first',
        tags,
        request: { query: ${one}Pages.query },
        responses: { 200: json(listOf(${One}), 'A page of ${words}') },
      }),
      async (c) => {
        const query = c.req.valid('query')
        const { rows, meta } = await db.read((tx) => ${one}Pages.page(c, tx, query))
        return ok(c, rows.map(to${One}), { meta })
      },
    )
    .openapi(
      tenantRoute(
        {
          method: 'post',
          path: '/',
          operationId: 'create${One}',
          permission: '${folder}:write',
          idempotent: true,
          conditional: true,
          summary: 'Create ${a} ${word}',
          tags,
          request: { body: jsonBody(Create${One}, 'The new ${word}') },
          responses: { 201: created(successOf(${One}, 201), 'The created ${word}') },
        },
        [${codes}],
      ),
      (c) =>
        once(c, db, {
          work: (tx) => insert${One}(tx, c.req.valid('json')),
          answer(row) {
            const { data, headers } = shown(row)
            return { status: 201, data, headers: { ...headers, Location: \`/${folder}/\${row.id}\` } }
          },
        }),
    )
    .openapi(
      tenantRoute(
        {
          method: 'get',
          path: '/{id}',
          operationId: 'get${One}',
          permission: '${folder}:read',
          conditional: true,
          summary: 'Get ${a} ${word}',
          tags,
          request: { params },
          responses: { 200: json(successOf(${One}), 'The ${word}') },
        },
        ['NOT_FOUND'],
      ),
      async (c) => {
        const { id } = c.req.valid('param')
        const row = await db.read((tx) => find${One}(tx, id))
        if (!row) throw missing()
        return notModified(c, ${version}.etag(row.updatedAt)) ?? ok(c, to${One}(row))
      },
    )
    .openapi(
      tenantRoute(
        {
          method: 'patch',
          path: '/{id}',
          operationId: 'update${One}',
          permission: '${folder}:write',
          idempotent: true,
          conditional: true,
          summary: 'Update ${a} ${word}',
          tags,
          request: { params, body: jsonBody(Update${One}, 'What to change') },
          responses: { 200: json(successOf(${One}), 'The updated ${word}') },
        },
        ['NOT_FOUND', ${codes}],
      ),
      (c) =>
        once(c, db, {
${work(`update${One}(tx, c.req.valid('param').id, c.req.valid('json'), ${version}.expected(c)),`)}
          answer: (written) => shown(rowOf(written, missing)),
        }),
    )
    .openapi(
      tenantRoute(
        {
          method: 'delete',
          path: '/{id}',
          operationId: 'delete${One}',
          permission: '${folder}:delete',
          idempotent: true,
          conditional: true,
          summary: 'Delete ${a} ${word}',
          tags,
          request: { params },
          responses: { 204: { description: 'The ${word} is deleted' } },
        },
        ['NOT_FOUND', 'CONFLICT'],
      ),
      (c) =>
        once(c, db, {
${work(`delete${One}(tx, c.req.valid('param').id, ${version}.expected(c)),`)}
          answer(written) {
            rowOf(written, missing)
            return { status: 204 }
          },
        }),
    )
`
}

const functionsOf = ({ one, One }: Names): string[] => [
  `delete${One}`,
  `find${One}`,
  `insert${One}`,
  `update${One}`,
  `${one}Version`,
]

/** The work of a write, in a route. */
const work = (call: string): string => arrow(`${' '.repeat(10)}work: (tx) =>`, call, ' '.repeat(10))

function wireOf({ key, kind, isNullable }: Column): string {
  const field = `row.${key}`
  if (!kind.wire) return field
  return isNullable ? `${kind.wire.from(`${field}?`)} ?? null` : kind.wire.from(field)
}

function constraints({ names, references }: Resource): string {
  const lines = references.map(
    ({ column, parent, constraint }) =>
      `  ${constraint}: { path: '${column.key}', message: 'No row of ${parent.name} has this id' },`,
  )
  return `/** The messages of the database's constraints. */
export const ${names.one}Constraints: Constraints = {
${lines.join('\n')}
}`
}
