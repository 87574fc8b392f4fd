import { importLines } from './code.ts'
import type { Column } from './columns.ts'
import { capital } from './names.ts'
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
      ...'ok pageOf pagination successOf created createRouter id json jsonBody PageQuery tenantRoute'.split(' '),
    ]),
    importOf(resource, paths.routes, [`type ${One}Row`], known ? paths.repository : paths.schema),
    importOf(resource, paths.routes, functionsOf(One, Many), paths.repository),
    importOf(resource, paths.routes, [`Create${One}`, One, `Update${One}`], paths.schemas),
  ])
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
        summary: 'List ${words}, newest first',
        tags,
        request: { query: PageQuery },
        responses: { 200: json(pageOf(${One}), 'A page of ${words}') },
      }),
      async (c) => {
        const query = c.req.valid('query')
        const page = await db.read((tx) => list${Many}(tx, query))
        return ok(c, page.rows.map(to${One}), { meta: { pagination: pagination(c, query, page) } })
      },
    )
    .openapi(
      tenantRoute(
        {
          method: 'post',
          path: '/',
          operationId: 'create${One}',
          permission: '${folder}:write',
          summary: 'Create ${a} ${word}',
          tags,
          request: { body: jsonBody(Create${One}, 'The new ${word}') },
          responses: { 201: created(successOf(${One}, 201), 'The created ${word}') },
        },
        [${codes}],
      ),
      async (c) => {
        const body = c.req.valid('json')
        const row = await db.write((tx) => insert${One}(tx, body))
        c.header('Location', \`/${folder}/\${row.id}\`)
        return ok(c, to${One}(row), { status: 201 })
      },
    )
    .openapi(
      tenantRoute(
        {
          method: 'get',
          path: '/{id}',
          operationId: 'get${One}',
          permission: '${folder}:read',
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
        return ok(c, to${One}(row))
      },
    )
    .openapi(
      tenantRoute(
        {
          method: 'patch',
          path: '/{id}',
          operationId: 'update${One}',
          permission: '${folder}:write',
          summary: 'Update ${a} ${word}',
          tags,
          request: { params, body: jsonBody(Update${One}, 'What to change') },
          responses: { 200: json(successOf(${One}), 'The updated ${word}') },
        },
        ['NOT_FOUND', ${codes}],
      ),
      async (c) => {
        const { id } = c.req.valid('param')
        const body = c.req.valid('json')
        const row = await db.write((tx) => update${One}(tx, id, body))
        if (!row) throw missing()
        return ok(c, to${One}(row))
      },
    )
    .openapi(
      tenantRoute(
        {
          method: 'delete',
          path: '/{id}',
          operationId: 'delete${One}',
          permission: '${folder}:delete',
          summary: 'Delete ${a} ${word}',
          tags,
          request: { params },
          responses: { 204: { description: 'The ${word} is deleted' } },
        },
        ['NOT_FOUND', 'CONFLICT'],
      ),
      async (c) => {
        const { id } = c.req.valid('param')
        if (!(await db.write((tx) => delete${One}(tx, id)))) throw missing()
        return c.body(null, 204)
      },
    )
`
}

const functionsOf = (One: string, Many: string): string[] => [
  `delete${One}`,
  `find${One}`,
  `insert${One}`,
  `list${Many}`,
  `update${One}`,
]

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
