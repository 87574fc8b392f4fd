import { expect } from 'bun:test'
import fc from 'fast-check'
import type { Target } from '../../src/testing/index.ts'
import { creationsOf, type Operation } from './operations.ts'
import { anyRequest, rightRequest, show, type Template } from './requests.ts'
import type { Stage } from './stage.ts'
import { newSender, normalised, type Reply, type Sender, send } from './tenants.ts'

type Step = { by: 'A' | 'B'; ask: Template }
/** B's rows when A's requests are repeated. */
type Others = 'none' | 'those of A' | Template[]

/** Random requests of two tenants. Most sequences begin with one creation of each kind, so that there are rows. */
export const anySteps = (operations: Operation[]): fc.Arbitrary<Step[]> => {
  const steps = fc.array(fc.record({ by: fc.constantFrom(...both), ask: anyRequest(operations) }).map(printed), {
    maxLength: 20,
    size: 'max',
  })
  const creations = both.flatMap((by) =>
    creationsOf(operations).map((operation) => printed({ by, ask: rightRequest(operation, operations) })),
  )
  // Each is optional, so that shrinking removes those that a counterexample does not need.
  const first = fc.tuple(...creations.map((step) => fc.option(fc.constant(step), { nil: undefined, freq: 8 })))
  return fc.tuple(first, steps).map(([first, steps]) => [...first.filter((step) => step !== undefined), ...steps])
}
const both = ['A', 'B'] as const
const printed = (step: Step): Step =>
  Object.defineProperty(step, fc.toStringMethod, { value: () => `${step.by}: ${show(step.ask)}`, configurable: true })

/** Sends the requests of both tenants and returns the replies to A. */
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
  if (atOnce) await Promise.all(both.map((sender) => inOrder(steps.filter(({ by }) => by === sender))))
  else await inOrder(steps)
  return replies
}

/**
 * The property: the replies to A stay the same when A's requests are repeated with other rows of B. It compares status,
 * headers and bodies, without ids and times.
 *
 * @param atOnce whether A and B send at the same time, each in its own order
 */
export function nonInterference({ target, operations, clear }: Stage, { atOnce = false } = {}) {
  const others: fc.Arbitrary<Others> = fc.oneof(
    fc.constantFrom('none' as const, 'those of A' as const),
    fc.array(anyRequest(operations), { maxLength: 8, size: 'max' }),
  )
  return fc.asyncProperty(anySteps(operations), others, async (steps, others) => {
    await clear()
    const both = [newSender(), newSender()] as [Sender, Sender]
    const together = await runTogether(target, steps, both, atOnce)

    await clear()
    const [a, b] = [newSender(), newSender()]
    const own = steps.filter(({ by }) => by === 'A')
    const first = others === 'none' ? [] : others === 'those of A' ? own.map(({ ask }) => ask) : others
    for (const ask of first) await send(target, ask, b, a)
    const alone = await runTogether(target, own, [a, b])

    const [found, wanted] = [normalised(together, both), normalised(alone, [a, b])]
    for (const [index, reply] of found.entries()) expect(reply).toEqual(wanted[index] ?? expect.unreachable())
  })
}
