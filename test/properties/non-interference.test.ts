import { describe, test } from 'bun:test'
import fc from 'fast-check'
import { nonInterference } from './non-interference.ts'
import { timeoutMs, tries } from './settings.ts'
import { prepareStage } from './stage.ts'

const stage = await prepareStage()

describe('whatever two tenants ask, one is answered as if the other had other rows', () => {
  test('in turn', () => fc.assert(nonInterference(stage), tries(60)), timeoutMs)
  test('at once', () => fc.assert(nonInterference(stage, { atOnce: true }), tries(40)), timeoutMs)
})
