import { createSeedCommand } from './commands/seed.ts'
import type { ProcessIo } from './io.ts'
import { runAsProcess } from './process.ts'
import { runProgram, withOutput } from './run.ts'

/** Runs `bun run seed`, which belongs to the demo: the package of the kit has no such command. */
export const runSeed = (parameters: string[], io: ProcessIo): Promise<number> =>
  runProgram((run) => withOutput(createSeedCommand(run), run), parameters, io)

if (import.meta.main) await runAsProcess(runSeed)
