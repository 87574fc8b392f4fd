import { fit, importLines } from './code.ts'
import { importOf, type Resource } from './resource.ts'

/** The module of the queries. */
export function repositoryCode(resource: Resource): string {
  const { names, layout, paths, known } = resource
  const { many, one, Many, One } = names
  const database = 'countUpTo exists mapped one prepared preparedUpdate rowCount toPage totalMax'.split(' ')
  const types = ['type Page', 'type Query', 'type TenantTx']
  // The user's own module may export the table by another name, and no type of its rows.
  const fromSchema = known
    ? [known.exportName === many ? many : `${known.exportName} as ${many}`]
    : [`type ${One}Row`, many]
  const imports = importLines([
    [['desc', 'eq'], 'drizzle-orm'],
    ...layout.kit(paths.repository, [...database, ...types]),
    importOf(resource, paths.repository, fromSchema, paths.schema),
    importOf(resource, paths.repository, [`type Create${One}`, `type Update${One}`], paths.schemas),
  ])
  const page = `{ page, limit }: { page: number; limit: number }`
  return `${imports}
${known ? `\nexport type ${One}Row = typeof ${many}.$inferSelect\n` : ''}
// Built once: these queries run most often, and building one costs more than sending it.
const ${one}ById = prepared(['id'], (tx, { id }) => tx.select().from(${many}).where(eq(${many}.id, id)))
const pageOf${Many} = prepared(['offset', 'limit'], (tx, { offset, limit }) =>
  tx
    .select()
    .from(${many})
    .orderBy(desc(${many}.createdAt), desc(${many}.id))
    .offset(rowCount(offset))
    .limit(rowCount(limit)),
)
const changed${One} = preparedUpdate(${many}, ['id'], (tx, { set, placeholders: { id } }) =>
  tx.update(${many}).set(set).where(eq(${many}.id, id)).returning(),
)
const deleted${One} = prepared(['id'], (tx, { id }) =>
  tx.delete(${many}).where(eq(${many}.id, id)).returning({ id: ${many}.id }),
)
const count${Many} = countUpTo(${many}, totalMax + 1)

${fit(`export function list${Many}(`, ['tx: TenantTx', page], `): Query<Page<${One}Row>> {`)}
  const offset = (page - 1) * limit
  return mapped([pageOf${Many}(tx, { offset, limit: limit + 1 }), count${Many}(tx)], ([found, total]) =>
    toPage(found, limit, total),
  )
}

export const find${One} = (tx: TenantTx, id: string): Query<${One}Row | undefined> => one(${one}ById(tx, { id }))

export const insert${One} = (tx: TenantTx, values: Create${One}): Query<${One}Row> =>
  mapped(tx.insert(${many}).values(values).returning(), ([row]) => {
    if (!row) throw new Error('An insert returned no row')
    return row
  })

export const update${One} = (tx: TenantTx, id: string, values: Update${One}): Query<${One}Row | undefined> =>
  one(changed${One}(tx, values, { id }))

export const delete${One} = (tx: TenantTx, id: string): Query<boolean> => exists(deleted${One}(tx, { id }))
`
}
