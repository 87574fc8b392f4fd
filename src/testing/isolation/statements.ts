import { type SQL, type SQLChunk, sql } from 'drizzle-orm'
import { type Catalogue, isJson, type Relation, type Row } from './read-catalogue.ts'

/** Takes the tenant away from its transaction. {@link tenantAgain} must follow in the same message, or the transaction fails. */
export const withoutTenant = sql`select set_config('app.probed_tenant', current_setting('app.current_tenant'), true),
  set_config('app.current_tenant', '', true)`
export const tenantAgain = sql`select set_config('app.current_tenant', current_setting('app.probed_tenant'), true)`
/** A deferred constraint fails at COMMIT, which a probe does not reach. */
export const constraintsNow = sql`set constraints all immediate`

/** The parts of a relation's statements. */
function partsOf(relation: Relation, tenantColumn: string, types: Catalogue['types']) {
  const { columns, keys } = relation
  const table = sql`${sql.identifier(relation.schema)}.${sql.identifier(relation.name)}`
  const names = (of: string[]) => list(of.map((name) => sql.identifier(name)))
  const from = (row: Row) => sql`jsonb_populate_record(null::${table}, ${JSON.stringify(row)}::text::jsonb)`
  const written = columns.filter((column) => column.mayInsert && !column.isGenerated)
  const readable = columns.filter((column) => column.maySelect)

  const primaryKey = keys.find((key) => key.isPrimary)?.columns ?? []
  const insertable = (row: Row) => written.filter(({ name }) => name in row)
  // Primary key and tenant identify a row.
  const located = (row: Row) => [...new Set([tenantColumn, ...primaryKey])].filter((name) => name in row)
  const matches = (row: Row, left = sql`target`) =>
    sql.join(
      located(row).map(
        (name) => sql`${left}.${sql.identifier(name)} = (select ${sql.identifier(name)} from ${from(row)})`,
      ),
      sql` and `,
    )
  const overriding = (row: Row) =>
    insertable(row).some(({ identity }) => identity === 'a') ? sql` overriding system value` : sql``

  const inKeys = (name: string) =>
    keys.some((key) => key.columns.includes(name)) ||
    relation.references.some((reference) => reference.columns.some(([here]) => here === name))
  const updatable = columns.filter(
    ({ name, mayUpdate, isGenerated, identity }) =>
      mayUpdate && !isGenerated && identity !== 'a' && name !== tenantColumn,
  )
  // A column outside every key can take any row's value without violating a constraint.
  const changed = updatable.find(({ name }) => !inKeys(name)) ?? updatable[0]

  const set = (column: string, row: Row) =>
    sql`${sql.identifier(column)} = (select ${sql.identifier(column)} from ${from(row)})`
  const insert = (row: Row) => {
    const into = insertable(row).map(({ name }) => name)
    if (into.length === 0) return sql`insert into ${table} as target default values`
    return sql`insert into ${table} as target (${names(into)})${overriding(row)} select ${names(into)} from ${from(row)}`
  }
  const mergedInsert = (row: Row) => {
    const into = insertable(row).map(({ name }) => sql.identifier(name))
    if (into.length === 0) return sql`insert default values`
    return sql`insert (${list(into)})${overriding(row)} values (${list(into.map((name) => sql`given.${name}`))})`
  }
  const update = (row: Row) => sql`update ${table} as target set ${set(changed?.name ?? tenantColumn, row)}`
  const remove = sql`delete from ${table} as target`
  const one = readable[0] ? sql`target.${sql.identifier(readable[0].name)}` : sql`target.*`

  const asWritten = ({ name, type }: Relation['columns'][number]) =>
    isJson(type, types)
      ? sql`target.${sql.identifier(name)}`
      : sql`target.${sql.identifier(name)}::text as ${sql.identifier(name)}`
  const everything = sql`select ${list(readable.map(asWritten))}`
  const document = sql`to_jsonb(written) as document from (${everything}) as written`
  return {
    table,
    readable,
    written,
    primaryKey,
    changed,
    names,
    from,
    matches,
    mergedInsert,
    set,
    insert,
    update,
    remove,
    one,
    document,
  }
}

/**
 * The statements of one relation. Values are one JSON document, which PostgreSQL reads as the relation's row type: a statement
 * contains only names from the catalogue.
 */
export function statementsFor(relation: Relation, tenantColumn: string, types: Catalogue['types']) {
  const parts = partsOf(relation, tenantColumn, types)
  const { table, readable, written, primaryKey, changed, names, from, matches } = parts
  const { mergedInsert, set, insert, update, remove, one, document } = parts
  return {
    relation,
    changed,
    primaryKey,
    mayRead: readable.length > 0,
    mayLocate: [tenantColumn, ...primaryKey].every((name) => readable.some((column) => column.name === name)),
    mayInsert: written.length > 0,
    list: sql`select ${readable.length > 0 ? list(readable.map(({ name }) => sql.identifier(name))) : sql`*`} from ${table} limit 1000`,
    count: sql`select count(*)::int as reached from ${table}`,
    /** One row in the form of an insert. */
    take: (row: Row) =>
      sql`select (select ${document}) as document from ${table} as target where ${matches(row)} limit 1`,
    countOf: (row: Row) => sql`select count(*)::int as reached from ${table} as target where ${matches(row)}`,
    /** A digest of all rows of a tenant. */
    digest: (row: Row) =>
      sql`select md5(coalesce(string_agg(line, ' ' order by line collate "C"), '')) as digest
        from (select (select ${document})::text as line from ${table} as target where ${matches(row)}) as lines`,
    get: (row: Row) => sql`select ${one} from ${table} as target where ${matches(row)}`,
    lock: (strength: SQL) => sql`select ${one} from ${table} as target limit 1000 for ${strength} skip locked`,
    subselect: (row: Row) => sql`select 1 where exists (select ${one} from ${table} as target where ${matches(row)})`,
    join: (row: Row) => sql`select ${one} from ${from(row)} as mine join ${table} as target on ${matches(row)}`,
    insert,
    insertReturning: (row: Row) => sql`${insert(row)} returning (select ${document})`,
    upsert: (row: Row) =>
      sql`${insert(row)} on conflict (${names(primaryKey)}) do update set ${set(changed?.name ?? tenantColumn, row)}`,
    insertUnlessThere: (row: Row) => sql`${insert(row)} on conflict do nothing`,
    update,
    updateWhere: (row: Row) => sql`${update(row)} where ${matches(row)}`,
    updateReturning: (row: Row) => sql`${update(row)} returning ${one}`,
    move: (row: Row) => sql`update ${table} as target set ${set(tenantColumn, row)}`,
    delete: remove,
    deleteWhere: (row: Row) => sql`${remove} where ${matches(row)}`,
    deleteReturning: sql`${remove} returning ${one}`,
    deleteInWith: (row: Row) =>
      sql`with gone as (${remove} where ${matches(row)} returning 1)
        select count(*)::int as reached from gone`,
    merge: (row: Row) => sql`merge into ${table} as target using ${from(row)} as given
      on ${matches(row)} when matched then update set ${set(changed?.name ?? tenantColumn, row)}
      when not matched then ${mergedInsert(row)}`,
    mergeDelete: (row: Row) => sql`merge into ${table} as target using ${from(row)} as given
      on ${matches(row)} when matched then delete`,
    truncate: sql`truncate ${table}`,
  }
}
export type Statements = ReturnType<typeof statementsFor>

const list = (parts: SQLChunk[]): SQL => sql.join(parts, sql`, `)
