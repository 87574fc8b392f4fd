import { z } from '@hono/zod-openapi'
import { getTableColumns } from 'drizzle-orm'
import type { PgColumn, PgTable } from 'drizzle-orm/pg-core'
import type { Context } from 'hono'
import type { Query, TenantTx } from '../database/index.ts'
import { type Filters, type ListPage, type ListQuery, type PagesOptions, pages } from '../lists/index.ts'
import {
  type Asked,
  columnOf,
  createListQuery,
  createOrdersBy,
  createPageReader,
  type Fixed,
  parametersOf,
  sortOf,
} from '../lists/internal.ts'
import { deletedRows, deletion } from './deleted-rows.ts'
import { trashedTable } from './trashed-table.ts'

/** When a row was deleted, and by whom. */
export interface Deletion {
  deletedAt: Date
  /** The actor of the request; null for work without one. */
  deletedBy: string | null
}

/** The query string of a list that also shows the trash: see {@link trashPages}. */
export type TrashQuery<F extends Filters> =
  ListQuery<F> extends z.ZodObject<infer Shape, infer Config>
    ? z.ZodObject<Shape & { deleted: z.ZodOptional<z.ZodLiteral<'only'>> }, Config>
    : never

/** A list of a table's rows, or of those in the trash. */
export interface TrashPages<Table extends PgTable, F extends Filters> {
  /** The schema of the query string: `request: { query: taskPages.query }`. */
  readonly query: TrashQuery<F>
  /**
   * Reads a page of the tenant's rows; with `deleted: 'only'`, of its deleted rows, which have a {@link Deletion}.
   *
   * @param query what the schema read: `c.req.valid('query')`
   * @param fixed values that columns must have, whatever the client asks for: a list below a parent
   * @throws as the `page` of `pages()`
   */
  page(
    c: Context,
    tx: TenantTx,
    query: z.output<TrashQuery<F>>,
    fixed?: Fixed<Table>,
  ): Query<ListPage<Table['$inferSelect'] & Partial<Deletion>>>
}

const deletedAt = 'deletedAt'

/**
 * As `pages()` of rowhouse/lists, with one parameter more: `?deleted=only` lists the rows in the trash, by default the newest deleted
 * first. They have the same filters and sorts, and may be sorted by `deletedAt` too. A list without the parameter is what it was.
 *
 * @param table a table for which sql/ says `select tenancy.trash('public.tasks')`
 * @throws TypeError as `pages()`, and for a table with a column `deletedAt` or `deletedBy`
 * @example
 * export const taskPages = trashPages(tasks, { sort: ['createdAt', 'title'], default: '-createdAt' })
 * // in the handler of GET /tasks
 * const { rows, meta } = await db.read((tx) => taskPages.page(c, tx, c.req.valid('query')))
 * return ok(c, rows.map((row) => ({ ...toTask(row), ...deletionOf(row) })), { meta })
 */
export function trashPages<Table extends PgTable, const F extends Filters = Record<never, never>>(
  table: Table,
  options: PagesOptions<Table, F>,
): TrashPages<Table, F> {
  const taken = [deletedAt, 'deletedBy'].find((name) => Object.hasOwn(getTableColumns(table), name))
  if (taken !== undefined)
    throw new TypeError(`trashPages() gives each row ${taken}, so its table must not have a column of this name`)
  const living = pages(table, options)
  const deleted = deletedRows(table, trashedTable(table, options))
  const filters = options.filters ?? {}
  const column = (name: string): PgColumn =>
    name === deletedAt ? deletion.deletedAt : columnOf(deleted.table, name, 'The sort of trashPages()')
  const read = createPageReader({
    ...deleted,
    parameters: parametersOf(deleted.table, filters),
    // A row may be in the trash twice. A column that was added since is null, whatever the table says.
    createOrder: createOrdersBy(column, [deletion.id], (one) => one !== deletion.deletedAt),
    name: 'deleted',
  })
  return {
    query: createTrashQuery(options, parametersOf(table, filters)),
    page(c, tx, query, fixed = {}) {
      const asked = query as unknown as Asked & { deleted?: 'only' } // the schema has these fields besides those of filters
      const isDeleted = asked.deleted === 'only'
      const sort = asked.sort || (isDeleted ? `-${deletedAt}` : options.default)
      const page = isDeleted
        ? read(c, tx, { ...asked, sort }, fixed)
        : living.page(c, tx, { ...asked, sort } as unknown as z.output<ListQuery<F>>, fixed)
      return page as Query<ListPage<Table['$inferSelect'] & Partial<Deletion>>> // the statements select these columns
    },
  }
}

function createTrashQuery<Table extends PgTable, F extends Filters>(
  { sort: names, default: preset }: PagesOptions<Table, F>,
  parameters: ReturnType<typeof parametersOf>,
): TrashQuery<F> {
  const { schema, pattern, allowed } = sortOf([...names, deletedAt])
  const sort = schema.default('').openapi({
    ...{ type: 'string', pattern, default: undefined },
    description: `The order: ${allowed}. By default ${preset}, and -${deletedAt} with deleted=only, which ${deletedAt} needs`,
  })
  const deleted = z
    .literal('only', 'Must be only')
    .optional()
    .openapi({ description: 'Lists the rows in the trash instead: those that were deleted and can be restored' })
  const query = createListQuery<F>({ sort, deleted }, parameters).refine(
    (given) => {
      const asked = given as unknown as Asked // see above
      return asked.deleted === 'only' || !asked.sort.split(',').some((one) => one.replace(/^-/, '') === deletedAt)
    },
    { path: ['sort'], message: `Only a list with deleted=only can be sorted by ${deletedAt}` },
  )
  return query as unknown as TrashQuery<F> // it has the field `deleted`
}
