import { escapedLines } from '../text/index.ts'
import type { Runner } from './runner.ts'

/** An output stream of a command. */
export type Output = NodeJS.WritableStream & { isTTY?: boolean; columns?: number }

/** What a command reads and writes instead of the globals of its process, so that tests can pass their own. */
export interface ProcessIo {
  /** Environment variables. */
  env: Record<string, string | undefined>
  /** The folder that relative paths start from. */
  cwd: string
  stdout: Output
  stderr: Output
}

/** {@link ProcessIo} of one run, with the exit code that the command sets. */
export interface CommandIo extends ProcessIo {
  exitCode: number
  /** The paths of the files that secrets came from, by the names of their settings: a password there may change. */
  secretFiles: Record<string, string | undefined>
  /** For the commands that messages name. */
  runner: Runner
}

/** Writes lines to stdout, with control characters escaped. */
export const print = ({ stdout }: ProcessIo, text: string): void => void stdout.write(`${escapedLines(text)}\n`)
