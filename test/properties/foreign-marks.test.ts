import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { anySteps, runTogether } from './non-interference.ts'
import { timeoutMs, tries } from './settings.ts'
import { prepareStage } from './stage.ts'
import { newSender } from './tenants.ts'

const { target, operations } = await prepareStage()

/** Nothing of B, neither its texts nor its ids, stands in a header or a body of A; but for what A itself has asked for. */
const noForeignMark = fc.asyncProperty(anySteps(operations), fc.boolean(), async (steps, atOnce) => {
  const [a, b] = [newSender(), newSender(crypto.randomUUID().slice(0, 8))]
  const replies = await runTogether(target, steps, [a, b], atOnce)
  const known = [...a.guessed.values()]
  const ofB = [b.mark, b.tenant, ...b.made.values()].flat()
  const all = JSON.stringify(replies)
  expect(ofB.filter((text) => all.includes(text) && !known.includes(text))).toEqual([])
})

test('no answer contains a byte of another tenant', () => fc.assert(noForeignMark, tries(40)), timeoutMs)
