import { describeStartProblem } from '../service/start-problem.ts'

/** Says what is wrong at start, in one message without a stack, and ends the process. For the entries. */
export function exitWith(error: unknown): never {
  process.stderr.write(`${describeStartProblem(error)}\n`)
  process.exit(1)
}
