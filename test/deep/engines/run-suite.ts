import { existsSync } from 'node:fs'
import { join } from 'node:path'

const root = join(import.meta.dir, '../../..')

export interface SuiteOptions {
  /** Folders and files of tests, from the repository's top folder. */
  paths: string[]
  /** Files that are left out, as globs. */
  without?: string[]
  /** Titles of tests that are left out. */
  withoutTests?: string[]
  /** What is set for the run; undefined takes a variable of this run away. */
  environment: Record<string, string | undefined>
}

/**
 * Runs a part of the suite in a process of its own, on another engine.
 *
 * @throws an Error with the output of what failed
 */
export async function runSuite({ paths, without = [], withoutTests = [], environment }: SuiteOptions): Promise<void> {
  const missing = paths.filter((path) => !existsSync(join(root, path)))
  const sources = [...new Bun.Glob('test/**/*.ts').scanSync(root)].map((path) => Bun.file(join(root, path)).text())
  const text = (await Promise.all(sources)).join('\n')
  missing.push(...withoutTests.filter((title) => text.split(title).length < 3)) // once in a test, once where it is named
  if (missing.length > 0) throw new Error(`These tests are not there: ${missing.join(', ')}`)
  const titles = withoutTests.map((title) => RegExp.escape(title)).join('|')
  const child = Bun.spawn(
    [
      ...[process.execPath, 'test', '--only-failures', '--timeout=30000'],
      ...without.map((pattern) => `--path-ignore-patterns=${pattern}`),
      ...(titles ? ['--test-name-pattern', `^(?!.*(${titles}))`] : []),
      ...paths,
    ],
    {
      cwd: root,
      env: { ...process.env, PROPERTY_RUNS: '15', TEST_NESTED: '1', ...environment },
      stdin: 'ignore',
      stdout: 'pipe',
      stderr: 'pipe',
    },
  )
  const [stdout, stderr, exitCode] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ])
  if (exitCode !== 0) throw new Error(`bun test ended with ${exitCode}:\n${stdout}${stderr}`)
}

/** A suite that another one runs runs no further one. */
export const isNested = process.env.TEST_NESTED !== undefined || process.env.TEST_POOLER !== undefined
