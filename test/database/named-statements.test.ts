import { expect, test } from 'bun:test'
import { type Connection, openConnection, query } from '../../src/database/index.ts'
import { main } from '../database.ts'

// As the owner, who may read the memory of a backend, and behind no pooler.
async function withConnection<T>(work: (connection: Connection) => Promise<T>): Promise<T> {
  const connection = openConnection({ url: main.ownerUrl })
  try {
    return await work(connection)
  } finally {
    await connection.close()
  }
}
const send = (connection: Connection, text: string, parameters: unknown[] = []) =>
  connection.send([{ text, parameters }])
const keptOn = async (connection: Connection) =>
  (await query(connection, 'select statement from pg_prepared_statements')).map(({ statement }) => String(statement))

/** An insert of this many rows, as Drizzle writes it. */
const bulk = (rows: number): string => {
  const values = Array.from({ length: rows }, (_, n) => `(default, default, $${2 * n + 1}, $${2 * n + 2})`)
  return `insert into users (id, created_at, email, name) values ${values.join(', ')}`
}
/** A query of this length. */
const padded = (n: number, length: number): string => `select ${n} --`.padEnd(length, 'x')

test('bulk inserts of varying length do not fill the memory of the backend', async () => {
  await withConnection(async (connection) => {
    for (let n = 0; n < 60; n += 1)
      await send(
        connection,
        `explain ${bulk(900 + n)}`,
        Array.from({ length: 2 * (900 + n) }, () => 'a@b.example'),
      )
    const [memory] = await query(connection, 'select sum(total_bytes)::int as bytes from pg_backend_memory_contexts')
    expect(memory?.bytes).toBeLessThan(20_000_000)
  })
})

test('a text is kept from its second use on', async () => {
  const text = `select '${crypto.randomUUID()}'`
  await withConnection(async (connection) => {
    await send(connection, text)
    expect(await keptOn(connection)).toEqual([])
    for (let n = 0; n < 2; n += 1) await send(connection, text)
    expect(await keptOn(connection)).toEqual([text])
  })
  await withConnection(async (connection) => {
    await send(connection, text)
    expect(await keptOn(connection)).toEqual([text])
  })
})

test('a text of more than 16,000 characters is never kept', async () => {
  const [longest, long] = [padded(1, 16_000), padded(1, 16_001)]
  await withConnection(async (connection) => {
    for (let n = 0; n < 3; n += 1) for (const text of [longest, long]) await send(connection, text)
    expect(await keptOn(connection)).toEqual([longest])
  })
})

test('a connection keeps 256,000 characters of texts, those that it used last', async () => {
  await withConnection(async (connection) => {
    const texts = Array.from({ length: 40 }, (_, n) => padded(100 + n, 10_000))
    for (const text of texts) {
      for (let n = 0; n < 2; n += 1) await send(connection, text)
      await send(connection, texts[0] ?? '')
    }
    await send(connection, 'select 1')
    const kept = await keptOn(connection)
    expect(kept.join('').length).toBeLessThanOrEqual(256_000)
    expect(kept.length).toBeGreaterThan(20)
    expect(kept).toContain(texts[0] ?? '')
    expect(kept).toContain(texts.at(-1) ?? '')
  })
})

test('a statement that is closed beside one that fails is parsed again later', async () => {
  await withConnection(async (connection) => {
    const texts = Array.from({ length: 150 }, (_, n) => `select ${n} as number`)
    const sendAll = async () => {
      for (const text of texts)
        await connection
          .send([
            { text, parameters: [] },
            { text: 'select 1 / 0', parameters: [] },
          ])
          .catch(() => {})
    }
    for (let n = 0; n < 3; n += 1) await sendAll()
    await send(connection, 'select 0 as number')
    expect((await keptOn(connection)).length).toBeGreaterThan(80)
  })
})
