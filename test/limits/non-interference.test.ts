import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { memoryRateStore } from '../../src/limits/index.ts'
import { timeoutMs, tries } from '../properties/settings.ts'
import { build, Clock, rateOf, turn } from './app.ts'

const tenants = { A: crypto.randomUUID(), B: crypto.randomUUID() }
type Step = { by: 'A' | 'B'; does: 'ask' | 'finish' | 'fail' | 'leave'; which: number } | { moveMs: number }

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    {
      weight: 5,
      arbitrary: fc.record({
        by: fc.constantFrom('A' as const, 'B' as const),
        does: fc.constantFrom('ask' as const, 'ask' as const, 'finish' as const, 'fail' as const, 'leave' as const),
        which: fc.nat({ max: 5 }),
      }),
    },
    { weight: 1, arbitrary: fc.record({ moveMs: fc.constantFrom(1, 999, 1500, 10_000, 40_000) }) },
  ),
  { maxLength: 40, size: 'max' },
)

/** Does the steps one after another; gives B's answers, and which of its requests were worked on, in their order. */
async function answersOfB(steps: Step[]) {
  const clock = new Clock()
  const { as, started, finish, fail } = build({
    rate: { limit: 6, windowSeconds: 20, store: memoryRateStore({ now: clock.now }) },
    concurrency: { max: 2, queueMax: 2 },
  })
  const asked: Record<'A' | 'B', { client: AbortController; answer: Promise<Response> }[]> = { A: [], B: [] }
  for (const step of steps) {
    if ('moveMs' in step) clock.move(step.moveMs)
    else {
      const { by, does, which } = step
      if (does === 'ask') {
        const client = new AbortController()
        asked[by].push({ client, answer: as(tenants[by])(`/held/${by}${asked[by].length}`, client.signal) })
      }
      if (does === 'finish') await finish(`${by}${which}`)
      if (does === 'fail') await fail(`${by}${which}`)
      if (does === 'leave') asked[by][which]?.client.abort()
      await turn()
    }
  }
  const ofBoth = [...asked.A, ...asked.B]
  for (const { client } of ofBoth) client.abort()
  await Promise.all(ofBoth.map(({ answer }) => answer))
  const answers = asked.B.map(async ({ answer }) => {
    const { status, headers } = await answer
    return { status, rate: rateOf(await answer), headers: [...headers].toSorted() }
  })
  return { answers: await Promise.all(answers), started: started.filter((name) => name.startsWith('B')) }
}

const isUndisturbed = fc.asyncProperty(steps, async (steps) => {
  const alone = steps.filter((step) => 'moveMs' in step || step.by === 'B')
  expect(await answersOfB(steps)).toEqual(await answersOfB(alone))
})

test(
  'what one tenant does changes nothing in the answers of another',
  () => fc.assert(isUndisturbed, tries(300)),
  timeoutMs,
)
