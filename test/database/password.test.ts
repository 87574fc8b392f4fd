import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { randomBytes } from 'node:crypto'
import { type Connection, createPool, query } from '../../src/database/index.ts'
import { asOwner, main } from '../database.ts'
import { failureOf } from './shared-database.ts'

const owner = asOwner(main)
const role = `rotated_${randomBytes(6).toString('hex')}`
// Directly, because a pooler has passwords of its own.
const url = Object.assign(new URL(main.ownerUrl), { username: role, password: 'unused', pathname: '/postgres' }).href

beforeAll(async () => void (await owner.unsafe(`create role ${role} login`)))
afterAll(async () => void (await owner.unsafe(`drop role ${role}`)))

const ask = async (connection: Connection) => (await query(connection, 'select 1 as n'))[0]?.n
const setPassword = (password: string) => owner.unsafe(`alter role ${role} password '${password}'`)

describe('the password of a pool as a function', () => {
  test('gives each new connection the password of that moment, and leaves open ones as they are', async () => {
    await setPassword('first')
    let password = 'first'
    const pool = createPool({ url, size: 2, password: () => password })
    const open = await pool.acquire()
    await ask(open)

    await setPassword('second')
    const refused = await pool.acquire()
    expect(await failureOf(ask(refused))).toMatchObject({ code: 'SERVICE_UNAVAILABLE' })
    pool.release(refused)
    password = 'second'
    const next = await pool.acquire()

    expect([await ask(open), await ask(next)]).toEqual([1, 1])
    for (const connection of [open, next]) pool.release(connection)
    await pool.close()
  })

  test('may be asynchronous', async () => {
    await setPassword('third')
    const pool = createPool({ url, size: 1, password: async () => 'third' })
    const connection = await pool.acquire()
    expect(await ask(connection)).toBe(1)
    pool.release(connection)
    await pool.close()
  })

  test.each([
    ['that throws', () => { throw new Error('no file') }], // biome-ignore format: one line
    ['that rejects', () => Promise.reject(new Error('no file'))],
  ])('%s fails the login, and the next connection asks again', async (_, fail) => {
    await setPassword('fourth')
    let isBroken = true
    const pool = createPool({ url, size: 1, password: () => (isBroken ? fail() : 'fourth') })
    const refused = await pool.acquire()
    expect(await failureOf(ask(refused))).toMatchObject({ code: 'SERVICE_UNAVAILABLE' })
    pool.release(refused)
    isBroken = false
    const next = await pool.acquire()
    expect(await ask(next)).toBe(1)
    pool.release(next)
    await pool.close()
  })
})
