import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { type MessageListener, MessageReader } from '../../src/database/message-reader.ts'
import { directUrl } from '../faults/recovery.ts'
import { tries } from '../properties/settings.ts'
import { temporaryFolder } from '../runtime/child.ts'
import { owner, terminate, until } from './shared-database.ts'
import { startTlsPostgres, type TlsPostgres } from './tls-postgres.ts'
import { openWire, type Wire } from './wire.ts'
import { openWireProxy, type WireProxy } from './wire-proxy.ts'

type Sent = Parameters<Wire['send']>

const unavailable = expect.objectContaining({ code: 'SERVICE_UNAVAILABLE' })
const echo = (text: string): Sent[number] => ['select $1::text, 7', text]
const long = (character: string, length: number, rows = 1): Sent[number] => [
  'select repeat($1, $2::int), n::text from generate_series(1, $3::int) as n',
  ...[character, length, rows],
]
const rowsOfLong = (character: string, length: number, rows = 1) =>
  Array.from({ length: rows }, (_, at) => [character.repeat(length), `${at + 1}`])

/** Values whose bytes are easily split in the wrong place, with the rows that they must be. */
const odd: [Sent[number], unknown][] = [
  [['select null::text, $1::text, null::int', ''], [[null, '', null]]],
  [echo('Zoë € 😀 日本語'), [['Zoë € 😀 日本語', 7]]],
  [['select'], [[]]],
  [['select 1 where false'], []],
  [['select 1 / 0'], expect.objectContaining({ code: '22012' })],
  [['select $1::jsonb', '{"a": ["Z", "é"]}'], [[expect.anything()]]],
  [['values (1), (2), (3)'], [[1], [2], [3]]],
  [['select raise($1, $2)', '23514', 'ü'], expect.objectContaining({ code: '23514', message: 'ü' })],
  [echo('last'), [['last', 7]]],
]
const oddSent = odd.map(([sent]) => sent)
const oddSeen = odd.map(([, seen]) => seen) as never // expect's matchers have no types

const readyForQuery = Buffer.from([0x5a, 0, 0, 0, 5, 0x49])

/** Cuts bytes into parts of these lengths, and repeats them. */
function cut(bytes: Buffer, lengths: readonly number[]): Buffer[] {
  const parts: Buffer[] = []
  for (let at = 0, n = 0; at < bytes.length; n += 1) {
    const length = lengths[n % lengths.length] ?? bytes.length
    parts.push(bytes.subarray(at, at + length))
    at += length
  }
  return parts
}

/** Sends each statement alone, until PostgreSQL keeps it parsed: together, the same text would be parsed twice under one name. */
async function prepare(wire: Wire, statements: readonly Sent[number][]): Promise<void> {
  for (let use = 0; use < 2; use += 1) for (const sent of statements) await wire.send(sent)
}

/** A connection through a proxy, which keeps the statements of these tests parsed. */
async function opened(): Promise<Wire & { proxy: WireProxy }> {
  const proxy = await openWireProxy(directUrl())
  const wire = openWire({ url: proxy.url })
  await prepare(wire, [...oddSent, long('a', 1)])
  return {
    ...wire,
    proxy,
    async [Symbol.asyncDispose]() {
      await wire[Symbol.asyncDispose]()
      await proxy[Symbol.asyncDispose]()
    },
  }
}

describe('replies to transactions of one socket write', () => {
  test('are read when every byte arrives alone', async () => {
    await using wire = await opened()
    wire.proxy.split = (bytes) => cut(bytes, [1])
    wire.proxy.writes = []
    expect(await wire.send(...oddSent)).toEqual(oddSeen)
    expect(wire.proxy.writes.map(({ transactions }) => transactions.length)).toEqual([odd.length])
  })

  test.each([
    ['of more than 64 kB', [1000, 100] as const],
    ['of more than 1 MB in one row', [400_000, 1] as const],
  ])('are read between long ones %s, wherever the network splits them', async (_what, [length, rows]) => {
    await using wire = await opened()
    const lengths = fc.array(fc.integer({ min: 1, max: 90_000 }), { minLength: 1, maxLength: 5 })
    await fc.assert(
      fc.asyncProperty(lengths, async (given) => {
        const fewer = given.map((length) => Math.max(length, 3000)) // a turn of the event loop for each part
        wire.proxy.split = (bytes) => cut(bytes, fewer)
        const seen = await wire.send(
          echo('before'),
          long('€', length, rows),
          echo('between'),
          long('a', length),
          echo('é'),
        )
        expect(
          Bun.deepEquals(seen, [
            [['before', 7]],
            rowsOfLong('€', length, rows),
            [['between', 7]],
            rowsOfLong('a', length),
            [['é', 7]],
          ]),
        ).toBe(true)
      }),
      tries(3),
    )
  })

  test('are not mixed up by notices, notifications and changed parameters between them', async () => {
    await using wire = await opened()
    await wire.connection.command('listen wire')
    const notice = `do $$ begin for n in 1 .. 3 loop raise notice 'notice %', n; end loop; end $$`
    const parameter = `select set_config('application_name', $1, false)`
    for (let use = 0; use < 3; use += 1) {
      const name = `wire ${use}`
      const seen = await wire.send(echo('a'), [notice], echo('b'), [parameter, name], ['notify wire'], echo('c'))
      expect(seen).toEqual([[['a', 7]], [], [['b', 7]], [[name]], [], [['c', 7]]])
    }
    await owner`notify wire`
    expect(await wire.send(echo('d'), echo('e'))).toEqual([[['d', 7]], [['e', 7]]])
    expect(wire.connection.fault).toBeUndefined()
  })
})

describe('a connection that is lost', () => {
  test('while idle with a FATAL error is not used again', async () => {
    const wire = openWire({ url: directUrl() })
    const [[row] = []] = (await wire.send(['select pg_backend_pid()'])) as number[][][] // one row of one number
    await terminate(row?.[0] ?? 0)
    await until(() => wire.connection.fault !== undefined)
    expect(await wire.send(echo('a'), echo('b'))).toEqual([unavailable, unavailable])
  })

  test('with a FATAL error answers what came before it, and fails everything behind it', async () => {
    await using wire = await opened()
    const end: Sent[number] = ['select pg_terminate_backend(pg_backend_pid())']
    const seen = await wire.send(echo('a'), echo('b'), end, echo('c'), echo('d'))
    expect(seen.slice(0, 2)).toEqual([[['a', 7]], [['b', 7]]])
    expect(seen.slice(3)).toEqual([unavailable, unavailable])
    expect(wire.connection.fault).toBeDefined()
  })

  test('in the middle of a row gives that row to nobody, and fails everything behind it', async () => {
    await using wire = await opened()
    const sent = [echo('a'), long('€', 1000), echo('b'), echo('c')]
    wire.proxy.cutAfter = 1500
    expect(await wire.send(...sent)).toEqual([[['a', 7]], unavailable, unavailable, unavailable])
  })

  test('at any byte of the replies gives only whole replies', async () => {
    const texts = ['one', 'two', 'three']
    for (let bytes = 1; bytes < 130; bytes += 7) {
      await using wire = await opened()
      wire.proxy.cutAfter = bytes
      const seen = await wire.send(...texts.map(echo))
      const whole = seen.filter((rows) => Array.isArray(rows)).length
      const expected = texts.map((text, at) => (at < whole ? [[text, 7]] : unavailable))
      expect(seen).toEqual(expected as never) // expect's matchers have no types
      expect(whole).toBeLessThan(texts.length)
    }
  })

  test('because the server is ready before it has answered fails the call, and no later one gets its reply', async () => {
    await using wire = await opened()
    wire.proxy.split = (bytes) => [Buffer.concat([readyForQuery, bytes])]
    expect(await wire.send(echo('a'))).toEqual([unavailable])
    expect(await wire.send(echo('b'))).toEqual([unavailable])
  })

  test('because the server answers more than was asked fails everything behind it', async () => {
    await using wire = await opened()
    wire.proxy.split = (bytes) => [Buffer.concat([bytes, readyForQuery])]
    expect(await wire.send(echo('a'))).toEqual([[['a', 7]]])
    expect(await wire.send(echo('b'))).toEqual([unavailable])
    expect(wire.connection.fault).toBe('protocol')
  })

  test('because of bytes that are no message fails everything behind them', async () => {
    await using wire = await opened()
    wire.proxy.split = (bytes) => [Buffer.concat([Buffer.from([0, 0, 0, 0, 9, 1, 2, 3, 4, 5]), bytes])]
    expect(await wire.send(echo('a'), echo('b'))).toEqual([unavailable, unavailable])
    expect(wire.connection.fault).toBe('protocol')
  })
})

describe('a reader of messages', () => {
  /** What a reader reports for chunks. */
  function reportOf(chunks: readonly Buffer[]): string[] {
    const seen: string[] = []
    const note = (name: string) => (value?: unknown) => void seen.push(`${name} ${JSON.stringify(value)}`)
    const listener: MessageListener = {
      onDataRow: note('row'),
      onCommandComplete: note('complete'),
      onParseComplete: note('parsed'),
      onReadyForQuery: note('ready'),
      onOther: ({ name }) => seen.push(name),
    }
    const reader = new MessageReader(listener)
    for (const chunk of chunks) reader.read(Buffer.from(chunk)) // pg's socket reuses nothing, and a view would hide a copy
    return seen
  }

  test('reports the same wherever the network splits the stream', async () => {
    await using wire = await opened()
    const received: Buffer[] = []
    wire.proxy.split = (bytes) => {
      received.push(bytes)
      return [bytes]
    }
    await wire.send(...oddSent, ['select 1 as unseen'])
    const stream = Buffer.concat(received)
    const expected = reportOf([stream])
    expect(expected.filter((line) => line.startsWith('ready'))).toHaveLength(odd.length + 1)
    for (let at = 1; at < stream.length; at += 1)
      expect(reportOf([stream.subarray(0, at), stream.subarray(at)])).toEqual(expected)
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 }), (lengths) => {
        expect(reportOf(cut(stream, lengths))).toEqual(expected)
      }),
      tries(100),
    )
  })

  test.each([
    ['of an unknown kind', [0x21, 0, 0, 0, 4]],
    ['that is shorter than its length', [0x5a, 0, 0, 0, 3, 0x49]],
  ])('refuses a message %s', (_what, bytes) => {
    expect(() => reportOf([Buffer.from(bytes)])).toThrow('PostgreSQL sent a message of')
  })
})

describe('over TLS', () => {
  let server: TlsPostgres
  const folder = temporaryFolder()
  beforeAll(async () => {
    server = await startTlsPostgres(folder.path)
  }, 60_000)
  afterAll(async () => {
    await server.stop()
    folder[Symbol.dispose]()
  })

  test('replies to transactions of one socket write are read, long ones too', async () => {
    await using wire = openWire({ url: server.urlOf(`sslmode=verify-full&sslrootcert=${server.ca}`) })
    const sent = [
      echo('a'),
      long('€', 400_000),
      echo('b'),
      long('a', 1000, 100),
      ['select 1 / 0'] as Sent[number],
      echo('c'),
    ]
    await prepare(wire, sent)
    for (let use = 0; use < 4; use += 1) {
      const seen = await wire.send(...sent)
      const [first, row, second, rows, error, last] = seen
      expect([first, second, last]).toEqual([[['a', 7]], [['b', 7]], [['c', 7]]])
      expect(Bun.deepEquals([row, rows], [rowsOfLong('€', 400_000), rowsOfLong('a', 1000, 100)])).toBe(true)
      expect(error).toMatchObject({ code: '22012' })
    }
  })
})
