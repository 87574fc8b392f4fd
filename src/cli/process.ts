import type { ProcessIo } from './io.ts'

/** Runs a program as this process: with its parameters, streams and environment. */
export async function runAsProcess(program: (parameters: string[], io: ProcessIo) => Promise<number>): Promise<void> {
  const { argv, env, stdout, stderr } = process
  // A reader such as `| head` may close the pipe early: that is not an error, and the exit code stays the command's.
  for (const output of [stdout, stderr])
    output.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error
    })
  withoutWarnings()
  process.exitCode = await program(argv.slice(2), { env, cwd: process.cwd(), stdout, stderr })
}

/** Node warns about each TypeScript module that it loads: as an experiment, and in a project without "type": "module". */
function withoutWarnings(): void {
  const emit = process.emitWarning.bind(process) as (...given: unknown[]) => void // one signature for its three
  process.emitWarning = (warning: string | Error, ...more: unknown[]) => {
    if (!/Type Stripping|Module type of file/.test(String(warning))) emit(warning, ...more)
  }
}
