import { describe, test } from 'bun:test'
import fc from 'fast-check'
import { nonInterference } from './non-interference.ts'
import { timeoutMs, tries } from './settings.ts'
import { prepareStage } from './stage.ts'

const stage = await prepareStage()

describe('the responses to one tenant do not depend on the rows of another', () => {
  test('in turn', () => fc.assert(nonInterference(stage), tries(20)), timeoutMs)
  test('at once', () => fc.assert(nonInterference(stage, { atOnce: true }), tries(15)), timeoutMs)
})
