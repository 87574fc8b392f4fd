import { describe, expect, test } from 'bun:test'
import { manyTexts, openTurns, type Turns, type WorkName } from './side-by-side-turns.ts'

const gets = (count: number): WorkName[] => Array(count).fill('get')

/** Repeats a turn until its writes are these: on a busy machine a get can be slow, and then nothing follows it. */
async function eventually(turns: Turns, names: readonly WorkName[], wanted: string[]): Promise<void> {
  let writes: string[] = []
  for (let tries = 0; tries < 200; tries += 1) {
    writes = await turns.run(names)
    if (Bun.deepEquals(writes, wanted)) return
  }
  expect(writes).toEqual(wanted)
}
const line = (count: number) => gets(count).join(' ')

describe('transactions of one prepared query that begin in one turn', () => {
  test('go in one socket write, each for its own tenant', async () => {
    await using turns = await openTurns()
    await eventually(turns, gets(5), [line(5)])
  })

  test('go eight in a write at most', async () => {
    await using turns = await openTurns()
    await eventually(turns, gets(20), [line(8), line(8), line(4)])
  })

  test('go as many in a write as the pool allows', async () => {
    await using turns = await openTurns({ sideBySide: 2 })
    await eventually(turns, gets(5), [line(2), line(2), line(1)])
  })

  test('go in one write when there are more texts than a connection keeps parsed', async () => {
    await using turns = await openTurns()
    const last = manyTexts.at(-1) ?? expect.unreachable()
    const useAll = async () => {
      for (const work of manyTexts) await turns.runWorks([work])
    }
    await useAll()
    // Behind the last text, the connection closes the one that it has not used for the longest time: one of these.
    for (const work of manyTexts.slice(5, 25)) {
      await useAll()
      await turns.runWorks([last, work, work])
    }
    await eventually(turns, gets(5), [line(5)])
  }, 30_000)

  test('go one in a write with sideBySide: 1', async () => {
    await using turns = await openTurns({ sideBySide: 1 })
    for (let tries = 0; tries < 20; tries += 1) expect(await turns.run(gets(3))).toEqual(['get', 'get', 'get'])
  })

  test('go one in a write without named statements', async () => {
    await using turns = await openTurns({ prepare: false })
    const parsed = Array(3).fill('parse:get')
    for (let tries = 0; tries < 20; tries += 1) expect(await turns.run(gets(3))).toEqual(parsed)
  })
})

describe('in a socket write', () => {
  test.each([
    ['a write', 'write'],
    ['a statement that was slow', 'slow'],
  ] as const)('nothing follows %s, which may follow reads', async (_what, name) => {
    await using turns = await openTurns()
    await eventually(turns, [...gets(2), name, ...gets(2)], [`get get ${name}`, 'get get'])
  })

  test('a statement that PostgreSQL has to parse goes alone', async () => {
    await using turns = await openTurns()
    await eventually(turns, [...gets(2), 'unseen', ...gets(2)], ['get get', 'parse:unseen', 'get get'])
    for (let tries = 0; tries < 20; tries += 1)
      for (const name of ['unseen', 'seen once'] as const)
        expect(await turns.run([...gets(2), name, ...gets(2)])).toContain('parse:unseen')
  })

  test.each([
    ['a query that is not prepared', 'execute', 'begin:execute'],
    ['two queries', 'two', 'begin:get+get'],
    ['work that awaits', 'awaits', 'begin:get'],
  ] as const)('a transaction with BEGIN goes alone: %s', async (_what, name, wanted) => {
    await using turns = await openTurns()
    for (let tries = 0; tries < 20; tries += 1) {
      const writes = await turns.run([...gets(2), name, ...gets(2)])
      expect(writes.map((write) => write.replace('parse:', ''))).toContain(wanted)
    }
  })
})
