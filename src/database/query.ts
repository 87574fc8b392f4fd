import { entityKind } from 'drizzle-orm'
import { TransactionMisuse } from './transaction-misuse.ts'

/**
 * A query with the mapping of its result. It is sent when it is awaited, or when the work of `db.read` or `db.write` returns it,
 * and it is sent once.
 *
 * @example
 * export const findTask = (tx: TenantTx, id: string): Query<TaskRow | undefined> => one(taskById(tx, { id }))
 */
export class Query<T> implements PromiseLike<T> {
  static readonly [entityKind] = 'RowhouseQuery'
  private started: PromiseLike<T> | undefined

  /**
   * @param start sends the query
   * @param size how many statements it is
   */
  constructor(
    private readonly start: () => PromiseLike<T>,
    readonly size: number,
  ) {}

  // biome-ignore lint/suspicious/noThenProperty: a query is sent when it is awaited, as Drizzle's are
  then<Done = T, Failed = never>(
    onDone?: ((result: T) => Done | PromiseLike<Done>) | null,
    onFailed?: ((reason: unknown) => Failed | PromiseLike<Failed>) | null,
  ): PromiseLike<Done | Failed> {
    this.started ??= this.start()
    return this.started.then(onDone, onFailed)
  }
}

/** A Drizzle query builder that can build its SQL before its values are known. */
export interface Preparable<Result> {
  prepare(name: string): { execute(values?: Record<string, unknown>): Promise<Result> }
}

/**
 * What the work of a transaction returns: a promise, a query, or an array of queries. For an array, `T` has the result of each query
 * at its place.
 */
export type Returned<T> =
  | PromiseLike<T>
  | ({ readonly [Index in keyof T]: PromiseLike<T[Index]> } & (readonly unknown[] | []))

/**
 * The first row of a query, or undefined.
 *
 * @example
 * const task = await db.read((tx) => one(tx.select().from(tasks).where(eq(tasks.id, id))))
 */
export const one = <Row>(query: PromiseLike<readonly Row[]>): Query<Row | undefined> =>
  new Query(() => query.then(([row]) => row), sizeOf(query))

/**
 * Whether a query returns a row.
 *
 * @example
 * const isDeleted = await db.write((tx) => exists(tx.delete(tasks).where(eq(tasks.id, id)).returning({ id: tasks.id })))
 */
export const exists = (query: PromiseLike<readonly unknown[]>): Query<boolean> =>
  new Query(() => query.then((rows) => rows.length > 0), sizeOf(query))

/**
 * A query, or an array of queries, whose result a function maps. When the work returns it, the function runs after COMMIT, so it
 * must not refuse the work: await the query in the work and throw there instead.
 *
 * @throws TransactionMisuse when it is awaited and the function throws. Its error is the cause.
 * @example
 * const titles = await db.read((tx) => mapped(tx.select().from(tasks), (rows) => rows.map(({ title }) => title)))
 */
export function mapped<Result, T>(query: Returned<Result>, map: (result: Result) => T): Query<T> {
  const apply = (result: Result): T => {
    try {
      return map(result)
    } catch (cause) {
      throw new TransactionMisuse(
        'The function of mapped() threw, and it may run after COMMIT: await the query in the work and throw there',
        { cause },
      )
    }
  }
  return new Query(() => resultOf(query).then(apply), sizeOf(query))
}

const kinds = new Set([
  'RowhouseQuery',
  ...['PgSelect', 'PgInsert', 'PgUpdate', 'PgDelete', 'PgRaw', 'PgCountBuilder', 'PgRelationalQuery'],
])

const areQueries = new WeakMap<object, boolean>()

/**
 * Whether a value is a query that has not been sent: Drizzle's or a {@link Query}. A project can have two copies of these
 * libraries, so their classes are compared by Drizzle's `entityKind`.
 */
export function isQuery(value: unknown): value is PromiseLike<unknown> {
  if (value instanceof Query) return true
  if (typeof value !== 'object' || value === null || typeof value.constructor !== 'function') return false
  const known = areQueries.get(value.constructor)
  if (known !== undefined) return known
  const isOne = isKindOfQuery(value.constructor)
  areQueries.set(value.constructor, isOne)
  return isOne
}

function isKindOfQuery(type: unknown): boolean {
  if (typeof type !== 'function') return false
  const kind = Object.hasOwn(type, entityKind) ? String(Reflect.get(type, entityKind)) : ''
  return kinds.has(kind) || isKindOfQuery(Object.getPrototypeOf(type))
}

/** How many statements a query or an array of queries is; NaN when another value is among them. */
export function sizeOf(returned: unknown): number {
  if (Array.isArray(returned)) return returned.reduce((sum: number, value) => sum + sizeOf(value), 0)
  if (!isQuery(returned)) return Number.NaN
  return 'size' in returned ? Number(returned.size) : 1
}

/** Waits for what the work of a transaction returned: a promise, a query or an array. Its queries are sent in their order. */
export function resultOf<T>(returned: Returned<T>): Promise<T> {
  const results = Array.isArray(returned) ? Promise.all(returned.map(start)) : start(returned)
  return results as Promise<T> // as Returned says
}

/** As {@link resultOf}, where queries that the work ends with go in a message without COMMIT: it belongs to another call. */
export async function innerResultOf<T>(returned: Returned<T>): Promise<T> {
  const result = await resultOf(returned)
  return result instanceof Ending ? ((await resultOf(result.queries)) as T) : result // as endingWith says
}

/** What the work of a transaction ends with: the engine sends its queries and COMMIT together. */
export class Ending {
  constructor(readonly queries: Returned<unknown>) {}
}

/**
 * Lets the work of a transaction that has sent queries end with others: COMMIT goes in their message. The work must return what this
 * returns, from a `db.write`, whose result is that of the queries.
 *
 * @example
 * await db.write(async (tx) => {
 *   const [row] = await newTask(tx, values)
 *   return endingWith(storeAnswer(tx, row))
 * })
 */
export const endingWith = <T>(queries: Returned<T>): T => new Ending(queries) as T // db.write gives the result instead

/** Starts a query at once, where `await` would start it microtasks later. */
function start(value: unknown): Promise<unknown> {
  if (!isQuery(value)) return Promise.resolve(value)
  return new Promise((resolve, reject) => value.then(resolve, reject))
}
