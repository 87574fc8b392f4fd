import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { anySteps, runTogether } from './non-interference.ts'
import { timeoutMs, tries } from './settings.ts'
import { prepareStage } from './stage.ts'
import { newSender } from './tenants.ts'

const { target, operations } = await prepareStage()

/** No header or body of A's responses contains a text or an id of B, except ids that A itself sent. */
const noForeignMark = fc.asyncProperty(anySteps(operations), fc.boolean(), async (steps, atOnce) => {
  const [a, b] = [newSender(), newSender(crypto.randomUUID().slice(0, 8))]
  const replies = await runTogether(target, steps, [a, b], atOnce)
  const sent = [...a.guessed.values()]
  const ofB = [b.mark, b.tenant, ...b.made.values()].flat()
  const all = JSON.stringify(replies)
  expect(ofB.filter((text) => all.includes(text) && !sent.includes(text))).toEqual([])
})

test('no response contains a byte of another tenant', () => fc.assert(noForeignMark, tries(20)), timeoutMs)
