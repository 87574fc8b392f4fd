import { beforeAll, describe, expect, test } from 'bun:test'
import { codeMutations } from './code-mutations.ts'
import { databaseMutations } from './database-mutations.ts'
import { type Effect, runAll } from './run.ts'

const mutations = [...databaseMutations, ...codeMutations]
let effects: Map<(typeof mutations)[number], Effect>
beforeAll(async () => {
  effects = await runAll(mutations)
}, 600_000) // the whole run has its own limit

describe.each(mutations)('$fault:', (mutation) => {
  const { file, title } = mutation.test

  test(`turns "${title.trim()}" red (${file})`, () => {
    const { failed = [], output } = effects.get(mutation) ?? {}
    if (!failed.some((name) => name.includes(title))) throw new Error(`The test passed or did not run:\n${output}`)
  })

  if ('check' in mutation)
    test(`the doctor reports ${mutation.check}`, () => {
      expect(effects.get(mutation)?.findings.map(({ check }) => check)).toContain(mutation.check)
    })
})
