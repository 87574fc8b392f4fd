import { afterAll, expect, test } from 'bun:test'
import fc from 'fast-check'
import { openTurns, type WorkName, works } from '../database/side-by-side-turns.ts'
import { timeoutMs, tries } from './settings.ts'

const most = 3
const turns = await openTurns({ sideBySide: most })
afterAll(() => turns[Symbol.asyncDispose]())

const names = (Object.keys(works) as WorkName[]).filter((name) => name !== 'seen once') // the keys of its type
const turn = fc.array(fc.oneof({ weight: 3, arbitrary: fc.constant<WorkName>('get') }, fc.constantFrom(...names)), {
  minLength: 1,
  maxLength: 10,
})

test(
  'whatever work begins in a turn, each sees its own tenant, and only a known read of one query has another one behind it in its socket write',
  async () => {
    let shared = 0
    await fc.assert(
      fc.asyncProperty(turn, async (given) => {
        const writes = await turns.run(given)
        for (const write of writes) {
          const transactions = write.split(' ')
          expect(transactions.length).toBeLessThanOrEqual(most)
          expect(transactions.slice(0, -1).filter((name) => name !== 'get')).toEqual([])
          if (transactions.length > 1) expect(write).not.toMatch(/begin|parse|end/)
          shared += transactions.length - 1
        }
        const sent = writes.flatMap((write) => write.split(/[ +]|begin:|parse:/).filter((name) => name in works))
        const expected = given.flatMap((name) =>
          name === 'two' ? ['get', 'get'] : name === 'awaits' ? ['get'] : [name],
        )
        expect(sent.sort()).toEqual(expected.sort())
      }),
      tries(60),
    )
    expect(shared).toBeGreaterThan(10)
  },
  timeoutMs,
)
