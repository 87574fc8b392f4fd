import { afterAll, expect, spyOn, test } from 'bun:test'
import fc from 'fast-check'
import { SlowStatements } from '../../src/database/slow-statements.ts'
import { openTurns, type WorkName, works } from '../database/side-by-side-turns.ts'
import { timeoutMs, tries } from './settings.ts'

const most = 3
// Only the work that is meant to be slow is: on a busy machine any statement can take long, and then nothing would share its write.
const { note } = SlowStatements.prototype
const noted = spyOn(SlowStatements.prototype, 'note').mockImplementation(function (this: SlowStatements, text) {
  note.call(this, text, text.includes('pg_sleep') ? 5 : 0)
})
const turns = await openTurns({ sideBySide: most })
afterAll(async () => {
  await turns[Symbol.asyncDispose]()
  noted.mockRestore()
})

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
