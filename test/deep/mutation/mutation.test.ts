import { beforeAll, describe, expect, test } from 'bun:test'
import { mutations } from './mutations.ts'
import { runAll } from './run.ts'

// The suite proves itself: what is broken here, on purpose, must turn the named test red. Two at a time, all at first.
let notices: Awaited<ReturnType<typeof runAll>>
beforeAll(async () => {
  notices = await runAll(mutations)
}, 240_000)

describe.each(mutations)('$item:', (sabotage) => {
  const { item: _, test: noticing, doctor } = sabotage

  test(`a test turns red (${noticing.file})`, () => {
    const { red = [], output } = notices.get(sabotage) ?? {}
    if (!red.some((title) => title.includes(noticing.title))) throw new Error(`It stayed green:\n${output}`)
  })

  if (doctor)
    test(`the doctor says ${doctor}`, () => {
      expect(notices.get(sabotage)?.findings.map(({ check }) => check)).toContain(doctor)
    })
})
