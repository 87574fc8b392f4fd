import { eq, sql } from 'drizzle-orm'
import { tasks } from '../../db/schema/tasks.ts'
import { users } from '../../db/schema/users.ts'
import { prepared, type TenantDatabase, type TenantTx } from '../../src/database/index.ts'

/** A tenant, and the ids of the users that it has from the beginning. */
export interface Seeded {
  tenant: string
  userIds: string[]
}

/** One call of the tenant database. */
export interface Call {
  db: TenantDatabase
  own: Seeded
  foreign: Seeded
  /** Unique: the title or the name of the row that it writes. */
  mark: string
  /** Ends the request, with {@link Thrown}. */
  abort(): void
  /** Reports rows that this call must not get. */
  reportWrong(what: string): void
}

/** The error that work itself throws, and the reason of an abort. */
export class Thrown extends Error {}

export interface Kind {
  /** How many of 10,000 calls are of this kind. */
  share: number
  /** The SQLSTATE or the class of the error that it ends with. @default none: it succeeds */
  fails?: string
  /** Whether it succeeds when its message was sent before it was aborted. @default false */
  maySucceed?: boolean
  /** Whether its row exists afterwards. @default false */
  writes?: boolean
  run(call: Call): Promise<void>
}

const userById = prepared(['id'], (tx, { id }) => tx.select().from(users).where(eq(users.id, id)))
const pageOfTasks = prepared([], (tx) => tx.select().from(tasks).orderBy(sql`created_at desc, id desc`).limit(20))
const echoed = prepared(['token'], (tx, { token }) =>
  tx
    .select({ token: sql<string>`${token}::text`, tenant: sql<string>`current_setting('app.current_tenant')` })
    .from(sql`generate_series(1, 1)`),
)
const newTask = prepared(['title', 'userId'], (tx, values) => tx.insert(tasks).values(values).returning())
const newTaskAfter = prepared(['title', 'userId', 'seconds'], (tx, { title, userId, seconds }) =>
  tx.insert(tasks).values({ title: sql`${title}::text || pg_sleep(${seconds})::text`, userId }),
)
const newUser = prepared(['email', 'name'], (tx, values) => tx.insert(users).values(values))
const touchedUser = prepared(['id'], (tx, { id }) =>
  tx.update(users).set({ name: sql`name` }).where(eq(users.id, id)).returning(),
)
const quotient = prepared(['divisor'], (tx, { divisor }) =>
  tx.select({ quotient: sql`1 / ${divisor}::int` }).from(sql`generate_series(1, 1)`),
)
const slept = prepared(['seconds'], (tx, { seconds }) =>
  tx.select({ slept: sql`pg_sleep(${seconds})` }).from(sql`generate_series(1, 1)`),
)

/** The email that each tenant has already. */
export const takenEmail = 'taken@rowhouse.example'

const anyOf = ({ userIds }: Seeded): string => userIds[Math.floor(Math.random() * userIds.length)] ?? ''
const insertOf = (tx: TenantTx, { own, mark }: Call) => newTask(tx, { title: mark, userId: anyOf(own) })

function check(call: Call, what: string, rows: readonly { tenantId: string }[], isRight: boolean): void {
  const isOwn = rows.every(({ tenantId }) => tenantId === call.own.tenant)
  if (!isOwn || !isRight) call.reportWrong(`${what} of ${call.own.tenant}: ${JSON.stringify(rows).slice(0, 300)}`)
}

function checkEcho(call: Call, rows: readonly { token: string; tenant: string }[]): void {
  const [row, ...others] = rows
  if (row?.token !== call.mark || row.tenant !== call.own.tenant || others.length > 0)
    call.reportWrong(`echo of ${call.own.tenant}: ${JSON.stringify(rows)}`)
}

async function insertChecked(call: Call): Promise<void> {
  const rows = await call.db.write((tx) => insertOf(tx, call))
  check(call, 'insert', rows, rows.length === 1 && rows[0]?.title === call.mark)
}

/** Aborts after a number of turns of the event loop: at once while the call waits for a connection, later maybe under way. */
async function aborted(call: Call, turns: number): Promise<void> {
  const written = insertChecked(call)
  const abortLater = (left: number) => (left > 0 ? setImmediate(() => abortLater(left - 1)) : call.abort())
  abortLater(turns)
  await written
}

/** Calls that are sent side by side, unless their comment says otherwise. */
export const kinds = {
  get: {
    share: 4500,
    async run(call) {
      const id = anyOf(call.own)
      const rows = await call.db.read((tx) => userById(tx, { id }))
      check(call, 'get', rows, rows.length === 1 && rows[0]?.id === id)
    },
  },
  'get of a foreign row': {
    share: 500,
    async run(call) {
      const rows = await call.db.read((tx) => userById(tx, { id: anyOf(call.foreign) }))
      check(call, 'foreign get', rows, rows.length === 0)
    },
  },
  page: {
    share: 1200,
    async run(call) {
      const rows = await call.db.read((tx) => pageOfTasks(tx, {}))
      check(call, 'page', rows, rows.length <= 20)
    },
  },
  echo: {
    share: 1000,
    async run(call) {
      checkEcho(call, await call.db.read((tx) => echoed(tx, { token: call.mark })))
    },
  },
  // With BEGIN.
  'two reads': {
    share: 200,
    async run(call) {
      const id = anyOf(call.own)
      const [rows, echo] = await call.db.read((tx) => [userById(tx, { id }), echoed(tx, { token: call.mark })])
      check(call, 'get', rows, rows.length === 1 && rows[0]?.id === id)
      checkEcho(call, echo)
    },
  },
  insert: { share: 900, writes: true, run: insertChecked },
  update: {
    share: 250,
    async run(call) {
      const id = anyOf(call.own)
      const rows = await call.db.write((tx) => touchedUser(tx, { id }))
      check(call, 'update', rows, rows.length === 1 && rows[0]?.id === id)
    },
  },
  'update of a foreign row': {
    share: 100,
    async run(call) {
      const rows = await call.db.write((tx) => touchedUser(tx, { id: anyOf(call.foreign) }))
      check(call, 'foreign update', rows, rows.length === 0)
    },
  },
  // In several messages.
  'interactive insert': {
    share: 150,
    writes: true,
    run: (call) =>
      call.db.write(async (tx) => {
        await insertOf(tx, call)
        checkEcho(call, await echoed(tx, { token: call.mark }))
      }),
  },
  'division by zero': {
    share: 250,
    fails: '22012',
    run: async ({ db }) => void (await db.read((tx) => quotient(tx, { divisor: 0 }))),
  },
  'wrong parameter': {
    share: 250,
    fails: '22P02',
    run: async ({ db }) => void (await db.read((tx) => userById(tx, { id: 'no id' }))),
  },
  'write in a read': {
    share: 200,
    fails: '25006',
    run: async (call) => void (await call.db.read((tx) => insertOf(tx, call))),
  },
  'unknown reference': {
    share: 100,
    fails: '23503',
    run: async ({ db, foreign, mark }) =>
      void (await db.write((tx) => newTask(tx, { title: mark, userId: anyOf(foreign) }))),
  },
  'taken key': {
    share: 100,
    fails: '23505',
    run: async ({ db, mark }) => void (await db.write((tx) => newUser(tx, { email: takenEmail, name: mark }))),
  },
  'violated check': {
    share: 100,
    fails: '23514',
    run: async ({ db, own, mark }) =>
      void (await db.write((tx) => newTask(tx, { title: mark.padEnd(201), userId: anyOf(own) }))),
  },
  'slow read': {
    share: 2,
    fails: '57014',
    run: async ({ db }) => void (await db.read((tx) => slept(tx, { seconds: 30 }))),
  },
  'slow insert': {
    share: 1,
    fails: '57014',
    run: async ({ db, own, mark }) =>
      void (await db.write((tx) => newTaskAfter(tx, { title: mark, userId: anyOf(own), seconds: 30 }))),
  },
  'conflict twice': { share: 7, fails: '40001', run: (call) => conflicting(call, 2) },
  'conflict once': { share: 20, writes: true, run: (call) => conflicting(call, 1) },
  'abort before it begins': {
    share: 30,
    fails: 'Thrown',
    async run(call) {
      call.abort()
      await insertChecked(call)
    },
  },
  'abort while it waits': { share: 60, fails: 'Thrown', run: (call) => aborted(call, 0) },
  'abort under way': {
    share: 40,
    fails: 'Thrown',
    maySucceed: true,
    run: (call) => aborted(call, Math.ceil(Math.random() * 200)),
  },
  'work that throws': {
    share: 20,
    fails: 'Thrown',
    run: (call) =>
      call.db.write(async (tx) => {
        await insertOf(tx, call)
        throw new Thrown('thrown')
      }),
  },
  'work that throws before its query is sent': {
    share: 20,
    fails: 'Thrown',
    run: async (call) =>
      void (await call.db.write((tx) => {
        insertOf(tx, call)
        throw new Thrown('thrown')
      })),
  },
} satisfies Record<string, Kind>

/** A serialization failure in a transaction of several messages, which runs twice. */
async function conflicting(call: Call, times: number): Promise<void> {
  let runs = 0
  await call.db.write(async (tx) => {
    runs += 1
    await insertOf(tx, call)
    if (runs <= times) await tx.execute(sql`select conflict()`)
  })
}
