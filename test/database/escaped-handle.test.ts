import { describe, test } from 'bun:test'
import { main } from '../database.ts'
import { escapedHandleCases } from './escaped-handle-cases.ts'

describe('on Bun', () => {
  for (const { name, run } of escapedHandleCases) test(name, () => run(main.appUrl))
})
