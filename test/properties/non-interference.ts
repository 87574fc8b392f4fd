import { expect } from 'bun:test'
import fc from 'fast-check'
import type { Target } from '../../src/testing/index.ts'
import { creationsOf, type Operation } from './operations.ts'
import { anyRequest, rightRequest, show, type Template } from './requests.ts'
import type { Stage } from './stage.ts'
import { newSender, normalised, type Reply, type Sender, send } from './tenants.ts'

type Step = { by: 'A' | 'B'; ask: Template }
/** What B's rows are when A's requests are sent again. */
type Others = 'none' | 'those that A makes' | Template[]

/** Some requests of two tenants in some order; most begin with something of everything, so that there are rows. */
export const anySteps = (operations: Operation[]): fc.Arbitrary<Step[]> => {
  const steps = fc.array(fc.record({ by: fc.constantFrom(...both), ask: anyRequest(operations) }).map(printed), {
    maxLength: 20,
    size: 'max',
  })
  const creations = both.flatMap((by) =>
    creationsOf(operations).map((operation) => printed({ by, ask: rightRequest(operation, operations) })),
  )
  // One by one, so that a counterexample keeps only those that it needs.
  const first = fc.tuple(...creations.map((step) => fc.option(fc.constant(step), { nil: undefined, freq: 8 })))
  return fc.tuple(first, steps).map(([first, steps]) => [...first.filter((step) => step !== undefined), ...steps])
}
const both = ['A', 'B'] as const
const printed = (step: Step): Step =>
  Object.defineProperty(step, fc.toStringMethod, { value: () => `${step.by}: ${show(step.ask)}`, configurable: true })

/** Sends the requests of both; gives A's replies. */
export async function runTogether(
  target: Target,
  steps: Step[],
  [a, b]: [Sender, Sender],
  atOnce = false,
): Promise<Reply[]> {
  const replies: Reply[] = []
  const take = async ({ by, ask }: Step) => {
    if (by === 'A') replies.push(await send(target, ask, a, b))
    else await send(target, ask, b, a)
  }
  const inOrder = async (steps: Step[]) => {
    for (const step of steps) await take(step)
  }
  if (atOnce) await Promise.all(['A', 'B'].map((who) => inOrder(steps.filter(({ by }) => by === who))))
  else await inOrder(steps)
  return replies
}

/**
 * Whatever A and B ask, in whatever order: A is answered as it is when it asks the same again where B's rows are others.
 * All is compared but ids and times: status, headers, bodies, counts, codes.
 *
 * @param atOnce whether the requests of A and B run at the same time, each tenant's own in their order
 */
export function nonInterference({ target, operations, clear }: Stage, { atOnce = false } = {}) {
  const others: fc.Arbitrary<Others> = fc.oneof(
    fc.constantFrom('none' as const, 'those that A makes' as const),
    fc.array(anyRequest(operations), { maxLength: 8, size: 'max' }),
  )
  return fc.asyncProperty(anySteps(operations), others, async (steps, others) => {
    await clear()
    const together = await runTogether(target, steps, [newSender(), newSender()], atOnce)

    await clear()
    const [a, b] = [newSender(), newSender()]
    const own = steps.filter(({ by }) => by === 'A')
    const first = others === 'none' ? [] : others === 'those that A makes' ? own.map(({ ask }) => ask) : others
    for (const ask of first) await send(target, ask, b, a)
    const alone = await runTogether(target, own, [a, b])

    const [found, wanted] = [normalised(together), normalised(alone)]
    for (const [index, reply] of found.entries()) expect(reply).toEqual(wanted[index] ?? expect.unreachable())
  })
}
