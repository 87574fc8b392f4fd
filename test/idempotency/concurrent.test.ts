import { expect, test } from 'bun:test'
import { sql } from 'drizzle-orm'
import { users } from '../../db/schema/users.ts'
import type { TenantEnv } from '../../src/context/index.ts'
import { once } from '../../src/idempotency/index.ts'
import { createRouter } from '../../src/openapi/index.ts'
import { backendOf, terminate } from '../database/shared-database.ts'
import { db } from '../database.ts'
import { callerOf, newKey, newUser, serviceOnFive } from './caller.ts'
import { appOf } from './kit-app.ts'

test('of twenty requests at once one is done, and the others are 409 with Retry-After or its answer', async () => {
  const caller = callerOf(undefined, serviceOnFive())
  const request = { key: newKey(), body: newUser() }
  const answers = await Promise.all(Array.from({ length: 20 }, () => caller.send('POST', '/users', request)))
  expect(await caller.users()).toBe(1)
  const done = answers.filter(({ status }) => status === 201)
  expect(done.length).toBeGreaterThanOrEqual(1)
  expect(new Set(done.map(({ data }) => data.id)).size).toBe(1)
  expect(done.filter(({ headers }) => !headers.has('Idempotency-Replayed'))).toHaveLength(1)
  for (const { status, error, headers } of answers.filter((answer) => !done.includes(answer)))
    expect({ status, code: error?.code, after: headers.get('Retry-After') }).toEqual({
      ...{ status: 409, code: 'CONFLICT', after: '1' },
    })
})

/** A service whose work waits until it may go on. */
function withGate() {
  const [entered, opened] = [Promise.withResolvers<number>(), Promise.withResolvers<void>()]
  const routes = createRouter<TenantEnv>()
  routes.post('/slow', (c) =>
    once(c, db, {
      async work(tx) {
        await tx.insert(users).values(newUser())
        entered.resolve(await backendOf(tx))
        await opened.promise
        await tx.execute(sql`select 1`)
      },
      answer: () => ({ status: 201, data: 'done' }),
    }),
  )
  return { app: appOf(routes).client, entered: entered.promise, open: opened.resolve }
}

test('while a request is under way, the same key is 409 with Retry-After at once, also for another body', async () => {
  const { app, entered, open } = withGate()
  const caller = callerOf(undefined, app)
  const key = newKey()
  const first = caller.send('POST', '/slow', { key })
  await entered
  for (const body of [undefined, { other: true }]) {
    const { status, headers } = await caller.send('POST', '/slow', { key, body })
    expect({ status, after: headers.get('Retry-After') }).toEqual({ status: 409, after: '1' })
  }
  open()
  expect((await first).status).toBe(201)
  expect(await caller.users()).toBe(1)
})

test('a request whose backend is killed leaves no claim: the same key works at once', async () => {
  const { app, entered, open } = withGate()
  const caller = callerOf(undefined, app)
  const key = newKey()
  const first = caller.send('POST', '/slow', { key })
  await terminate(await entered)
  open()
  expect((await first).status).toBe(503)
  const second = await caller.send('POST', '/slow', { key })
  expect({ status: second.status, replayed: second.headers.has('Idempotency-Replayed') }).toEqual({
    ...{ status: 201, replayed: false },
  })
  expect(await caller.users()).toBe(1)
})

test('work that is tried again after a serialization failure is done once', async () => {
  const routes = createRouter<TenantEnv>()
  let attempts = 0
  routes.post('/retried', (c) =>
    once(c, db, {
      async work(tx) {
        attempts += 1
        await tx.insert(users).values(newUser())
        if (attempts === 1) await tx.execute(sql`select raise('40001')`)
      },
      answer: () => ({ data: attempts }),
    }),
  )
  const caller = callerOf(undefined, appOf(routes).client)
  const key = newKey()
  expect((await caller.send<number>('POST', '/retried', { key })).data).toBe(2)
  expect((await caller.send<number>('POST', '/retried', { key })).data).toBe(2)
  expect(await caller.users()).toBe(1)
})
