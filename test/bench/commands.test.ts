import { expect, test } from 'bun:test'
import { start } from '../runtime/child.ts'

const run = async (...command: string[]) => {
  await using child = start([process.execPath, ...command])
  return { code: await child.exited, stdout: child.stdout, stderr: child.stderr }
}

test.each(['bench/run.ts', 'bench/micro.ts'])(
  '%s says what it does and what it takes, and starts nothing',
  async (file) => {
    const { code, stdout } = await run(file, '--help')
    expect(code).toBe(0)
    expect(stdout).toContain('--quick')
    expect(stdout).toContain('--write')
  },
)

test('a scenario that there is not is refused with the names of those that there are', async () => {
  const { code, stderr } = await run('bench/run.ts', '--only', 'nothing')
  expect(code).toBe(1)
  expect(stderr).toContain('get, list, long-list, workers')
})
