import { existsSync } from 'node:fs'
import { join } from 'node:path'

const root = join(import.meta.dir, '../../..')

export interface SuiteOptions {
  /** Folders and files of tests, as paths from the root of the repository. */
  paths: string[]
  /** Files that do not run, as globs. */
  without?: string[]
  /** Titles of tests that do not run. */
  withoutTests?: string[]
  /** Environment variables of the run; undefined removes a variable of this process. */
  environment: Record<string, string | undefined>
  /** The settings of `bun test`, as a path from the root of the repository. @default bunfig.toml */
  config?: string
  /** Where the JUnit report of the run is written. */
  report?: string
}

/**
 * Runs a part of the suite in another process, on another engine or with tenant ids of another type.
 *
 * @throws Error with the output of the tests that failed, or with the paths and titles that do not exist
 */
export async function runSuite(options: SuiteOptions): Promise<void> {
  const { paths, without = [], withoutTests = [], environment, config = 'bunfig.toml', report } = options
  const missing = paths.filter((path) => !existsSync(join(root, path)))
  const sources = [...new Bun.Glob('test/**/*.ts').scanSync(root)].map((path) => Bun.file(join(root, path)).text())
  const text = (await Promise.all(sources)).join('\n')
  missing.push(...withoutTests.filter((title) => text.split(title).length < 3)) // the title stands in the test, and once more in the list
  if (missing.length > 0) throw new Error(`These tests do not exist: ${missing.join(', ')}`)
  const titles = withoutTests.map((title) => RegExp.escape(title)).join('|')
  const child = Bun.spawn(
    [
      ...[process.execPath, 'test', `--config=${config}`, '--only-failures', '--timeout=30000'],
      ...(report ? ['--reporter=junit', `--reporter-outfile=${report}`] : []),
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
  if (exitCode !== 0) throw new Error(`bun test exited with ${exitCode}:\n${stdout}${stderr}`)
}

/** True in a process that `runSuite` started: it starts no further one. */
export const isNested = process.env.TEST_NESTED !== undefined || process.env.TEST_POOLER !== undefined
