import { describeStartProblem } from '../service/start-problem.ts'

/** Prints the problem of a start as one message without a stack, and ends the process with 1. */
export function exitWith(error: unknown): never {
  process.stderr.write(`${describeStartProblem(error)}\n`)
  process.exit(1)
}
