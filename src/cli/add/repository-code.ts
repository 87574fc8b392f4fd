import { arrow, fit, importLines, indented, width } from './code.ts'
import type { Names } from './names.ts'
import { importOf, type Resource } from './resource.ts'

/** The module of the queries. */
export function repositoryCode(resource: Resource): string {
  const { names, layout, paths, known } = resource
  const { many, one, One } = names
  const kit = 'mapped one prepared rowVersion writtenRow'.split(' ')
  const types = ['type ExpectedVersion', 'type Query', 'type TenantTx', 'type WrittenRow']
  // The user's own module may export the table by another name, and no type of its rows.
  const fromSchema = known
    ? [known.exportName === many ? many : `${known.exportName} as ${many}`]
    : [`type ${One}Row`, many]
  const imports = importLines([
    [['and', 'eq'], 'drizzle-orm'],
    ...layout.kit(paths.repository, [...kit, ...types]),
    importOf(resource, paths.repository, fromSchema, paths.schema),
    importOf(resource, paths.repository, [`type Create${One}`, `type Update${One}`], paths.schemas),
  ])
  const present = `expected && ${one}ById(tx, { id })`
  const update = fit(
    `export const update${One} = (`,
    ['tx: TenantTx', 'id: string', `values: Update${One}`, 'expected?: ExpectedVersion'],
    `): Query<WrittenRow<${One}Row>> =>`,
  )
  const remove = fit(
    `export const delete${One} = (`,
    ['tx: TenantTx', 'id: string', 'expected?: ExpectedVersion'],
    '): Query<WrittenRow<{ id: string }>> =>',
  )
  return `${imports}
${known ? `\nexport type ${One}Row = typeof ${many}.$inferSelect\n` : ''}
export const ${one}Version = rowVersion(${many}.updatedAt)

// Built once: these queries run most often, and building one costs more than sending it.
const ${one}ById = prepared(['id'], (tx, { id }) => tx.select().from(${many}).where(eq(${many}.id, id)))
${changed(names)}
const deleted${One} = ${one}Version.prepared(['id'], (tx, { id }, condition) =>
  tx
    .delete(${many})
    .where(and(eq(${many}.id, id), condition))
    .returning({ id: ${many}.id }),
)

export const find${One} = (tx: TenantTx, id: string): Query<${One}Row | undefined> => one(${one}ById(tx, { id }))

export const insert${One} = (tx: TenantTx, values: Create${One}): Query<${One}Row> =>
  mapped(tx.insert(${many}).values(values).returning(), ([row]) => {
    if (!row) throw new Error('An insert returned no row')
    return row
  })

${arrow(update, `writtenRow(changed${One}(tx, values, { id }, expected), ${present})`)}

${arrow(remove, `writtenRow(deleted${One}(tx, { id }, expected), ${present})`)}
`
}

/** The UPDATE, whose parameters are a line each where they do not fit. */
function changed({ one, One, many }: Names): string {
  const head = `const changed${One} = ${one}Version.preparedUpdate(`
  const build = '(tx, { set, condition, placeholders: { id } }) =>'
  const query = `  tx
    .update(${many})
    .set(set)
    .where(and(eq(${many}.id, id), condition))
    .returning(),`
  const line = `${head}${many}, ['id'], ${build}`
  return line.length <= width
    ? `${line}\n${query}\n)`
    : `${head}\n  ${many},\n  ['id'],\n  ${build}\n${indented(query)}\n)`
}
