import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { memoryRateStore } from '../../src/limits/index.ts'
import { timeoutMs, tries } from '../properties/settings.ts'
import { newTenant } from '../tenants.ts'
import { build, Clock, rateOf, turn } from './app.ts'

const tenants = { A: newTenant(), B: newTenant() }
type Step = { by: 'A' | 'B'; does: 'send' | 'finish' | 'fail' | 'disconnect'; which: number } | { moveMs: number }

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    {
      weight: 5,
      arbitrary: fc.record({
        by: fc.constantFrom('A' as const, 'B' as const),
        does: fc.constantFrom(
          'send' as const,
          'send' as const,
          'finish' as const,
          'fail' as const,
          'disconnect' as const,
        ),
        which: fc.nat({ max: 5 }),
      }),
    },
    { weight: 1, arbitrary: fc.record({ moveMs: fc.constantFrom(1, 999, 1500, 10_000, 40_000) }) },
  ),
  { maxLength: 40, size: 'max' },
)

/** Runs the steps in order. Returns B's responses, and the names of B's requests that started, in order. */
async function responsesOfB(steps: Step[]) {
  const clock = new Clock()
  const { as, started, finish, fail } = build({
    rate: { limit: 6, windowSeconds: 20, store: memoryRateStore({ now: clock.now }) },
    concurrency: { max: 2, queueMax: 2 },
  })
  const sent: Record<'A' | 'B', { client: AbortController; response: Promise<Response> }[]> = { A: [], B: [] }
  for (const step of steps) {
    if ('moveMs' in step) clock.move(step.moveMs)
    else {
      const { by, does, which } = step
      if (does === 'send') {
        const client = new AbortController()
        sent[by].push({ client, response: as(tenants[by])(`/held/${by}${sent[by].length}`, client.signal) })
      }
      if (does === 'finish') await finish(`${by}${which}`)
      if (does === 'fail') await fail(`${by}${which}`)
      if (does === 'disconnect') sent[by][which]?.client.abort()
      await turn()
    }
  }
  const ofBoth = [...sent.A, ...sent.B]
  for (const { client } of ofBoth) client.abort()
  await Promise.all(ofBoth.map(({ response }) => response))
  const responses = sent.B.map(async ({ response }) => {
    const { status, headers } = await response
    return { status, rate: rateOf(await response), headers: [...headers].toSorted() }
  })
  return { responses: await Promise.all(responses), started: started.filter((name) => name.startsWith('B')) }
}

const isIndependent = fc.asyncProperty(steps, async (steps) => {
  const alone = steps.filter((step) => 'moveMs' in step || step.by === 'B')
  expect(await responsesOfB(steps)).toEqual(await responsesOfB(alone))
})

test(
  'the requests of one tenant do not change the responses to another',
  () => fc.assert(isIndependent, tries(100)),
  timeoutMs,
)
