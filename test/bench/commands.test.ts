import { expect, test } from 'bun:test'
import { start } from '../runtime/child.ts'

const run = async (...command: string[]) => {
  await using child = start([process.execPath, ...command])
  return { code: await child.exited, stdout: child.stdout, stderr: child.stderr }
}

test.each(['bench/run.ts', 'bench/micro.ts'])('%s --help prints its options and starts nothing', async (file) => {
  const { code, stdout } = await run(file, '--help')
  expect(code).toBe(0)
  expect(stdout).toContain('--quick')
  expect(stdout).toContain('--write')
})

test('bench/http.ts --help prints its options and starts nothing', async () => {
  const { code, stdout } = await run('bench/http.ts', '--help')
  expect([code, stdout]).toEqual([0, expect.stringContaining('--against')])
})

test('an unknown scenario is rejected with the names of the scenarios', async () => {
  const { code, stderr } = await run('bench/run.ts', '--only', 'nothing')
  expect(code).toBe(1)
  expect(stderr).toContain('get, list, long-list, round-trips')
})
