import { PgDatabase } from 'drizzle-orm/pg-core'
import type { Drizzle } from './drizzle.ts'
import type { Preparable, Returned } from './query.ts'
import { type RowsHKT, type Sending, TenantSession } from './session.ts'
import { TransactionMisuse } from './transaction-misuse.ts'

declare const brand: unique symbol

type Tables = Record<string, unknown>
type Builders = Pick<
  PgDatabase<RowsHKT>,
  | 'select'
  | 'selectDistinct'
  | 'selectDistinctOn'
  | 'insert'
  | 'update'
  | 'delete'
  | 'execute'
  | 'with'
  | '$with'
  | '$count'
>

/** Drizzle's relational queries, where the database was created with a schema. */
type Relational<Schema extends Tables> =
  Schema extends Record<string, never> ? unknown : { readonly query: PgDatabase<RowsHKT, Schema>['query'] }

/** What a transaction can do besides queries. `Self` is its own type, which the work of a savepoint gets. */
export interface Scoped<Self> {
  /**
   * Runs work in a savepoint: when it fails, what it did is rolled back, and the transaction can go on. Use the transaction that the work
   * gets; the outer one throws until the savepoint has ended. A savepoint takes one round trip with its first queries, and none to end.
   *
   * @throws TransactionMisuse while another savepoint of this transaction is open
   * @example
   * await tx.transaction((inner) => inner.insert(tags).values({ name })).catch(ignoreUniqueViolation)
   */
  transaction<T>(work: (tx: Self) => Returned<T>): Promise<T>
  /**
   * Rolls back the savepoint of this transaction, or all of it where it is not in one, by throwing.
   *
   * @throws TransactionRollbackError of drizzle-orm, always. `db.write` rejects with it
   * @example
   * if (balance < 0) tx.rollback()
   */
  rollback(): never
  /**
   * Reads the rows of a query in batches, so that a large result is never in memory as a whole. Other queries may run between two
   * batches. A transaction has one stream at a time. It ends with the loop, or with its transaction.
   *
   * @param query a SELECT that is neither awaited nor sent
   * @param options `batch`: how many rows one round trip reads. @default 1000
   * @throws TypeError for a batch below 1; TransactionMisuse for another statement, while another stream is open, and for a row that is
   *   read after the transaction
   * @example
   * for await (const invoice of tx.stream(tx.select().from(invoices))) write(invoice)
   */
  stream<Row>(query: Preparable<readonly Row[]>, options?: StreamOptions): AsyncIterable<Row>
}

export interface StreamOptions {
  /** How many rows are read in one round trip. @default 1000 */
  batch?: number
}

/**
 * A transaction of one tenant: the first argument of a repository function. It has Drizzle's query builders, and the relational queries
 * of the schema that `createTenantDatabase` got. A function that needs no relational queries takes a plain `TenantTx`. The brand is a
 * type error for a plain database, a plain transaction or a pool.
 *
 * @example
 * export const findTask = (tx: TenantTx, id: string) => one(tx.select().from(tasks).where(eq(tasks.id, id)))
 * export const listTasks = (tx: TenantTx<typeof schema>) => tx.query.tasks.findMany({ with: { user: true } })
 */
export type TenantTx<Schema extends Tables = Record<string, never>> = Builders &
  Relational<Schema> &
  Scoped<TenantTx<Schema>> & {
    /**
     * Registers work for after COMMIT, such as a message to others. Functions are called in their order, once, in the tenant's context and
     * outside of the transaction; a rollback, and an attempt that is tried again, drops them. `db.write` resolves after they were called,
     * without waiting for what they return; `db.read` may resolve before. What they throw goes to the option `onAfterCommitError` of the
     * database, and changes no result.
     *
     * @example
     * tx.afterCommit(() => queue.send({ taskId }))
     */
    afterCommit(work: () => unknown): void
    readonly [brand]: 'TenantTx'
  }

/**
 * A transaction across tenants, with the query builders of a {@link TenantTx}. The two types are not assignable to each
 * other, so a repository that takes a TenantTx cannot run across all tenants by mistake.
 */
export type AdminTx<Schema extends Tables = Record<string, never>> = Builders &
  Relational<Schema> &
  Scoped<AdminTx<Schema>> & { readonly [brand]: 'AdminTx' }

/** How the queries on a transaction are built and sent. */
export interface Sender extends Sending, Scoped<TenantTx> {
  readonly drizzle: Drizzle
  /** How many calls of `db.read` and `db.write` joined its transaction and have not settled. */
  readonly joined: number
  /** Notes a query that must be sent before the transaction ends. Call what it returns when the query is sent. */
  expectQuery(): () => void
  afterCommit(work: () => unknown): void
}

/** What sends the statements of a transaction. */
export function senderOf(tx: TenantTx): Sender {
  const { sender } = tx as Partial<Tx> // createTx makes every transaction
  if (!sender) throw new TransactionMisuse('This is not a transaction of db.read or db.write')
  return sender
}

type Dialect = Drizzle['dialect']
// Without the types of its own transactions: Scoped has ours.
const Queries = PgDatabase as unknown as new (dialect: Dialect, session: TenantSession, schema: undefined) => Builders

/** Drizzle's query builders on top of what sends. */
class Tx extends Queries {
  constructor(
    readonly sender: Sender,
    session: TenantSession,
  ) {
    super(sender.drizzle.dialect, session, undefined)
  }

  transaction<T>(work: (tx: TenantTx) => Returned<T>): Promise<T> {
    return this.sender.transaction(work)
  }

  rollback(): never {
    return this.sender.rollback()
  }

  stream<Row>(query: Preparable<readonly Row[]>, options?: StreamOptions): AsyncIterable<Row> {
    return this.sender.stream(query, options)
  }

  afterCommit(work: () => unknown): void {
    this.sender.afterCommit(work)
  }
}

/** A transaction with Drizzle's query builders, on top of what sends. */
export function createTx(sender: Sender): TenantTx {
  const { dialect, schema } = sender.drizzle
  const session = new TenantSession(dialect, sender)
  const tx = new Tx(sender, session) as unknown as TenantTx // the one place that brands
  // Made when it is used: Drizzle makes an object for each table of the schema.
  if (schema) {
    let query: object | undefined
    const get = () => {
      query ??= new PgDatabase(dialect, session, schema).query
      return query
    }
    Object.defineProperty(tx, 'query', { get })
  }
  return tx
}
