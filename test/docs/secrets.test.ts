import { expect, test } from 'bun:test'
import { join } from 'node:path'
import { root, start } from '../runtime/child.ts'

const run = (...command: string[]) => Bun.spawnSync(command, { cwd: root }).stdout.toString()

test('bun run does not print a command line, which can contain a password', async () => {
  const url = 'postgres://app_user:s3cret@127.0.0.1:1/d'
  await using doctor = start([process.execPath, 'run', 'rowhouse', 'doctor', '--url', url])
  expect(await doctor.exited).toBe(2)
  expect(doctor.stdout + doctor.stderr).toContain('ECONNREFUSED')
  expect(doctor.stdout + doctor.stderr).not.toContain('s3cret')
})

test('git ignores the keys and passwords that docs/going-to-production.md writes', () => {
  const secrets = ['deploy/userlist.txt', 'deploy/key.pem', 'deploy/service.log', '.env']
  expect(
    run('git', 'check-ignore', ...secrets)
      .trim()
      .split('\n'),
  ).toEqual(secrets)
})

// Each user of a machine can read the command lines of all processes.
test('no page and no help text puts the password of a URL on a command line', async () => {
  const files = ['*.md', 'docs/**/*.md', 'package/*.md', 'examples/*/*.md', 'src/cli/**/*.ts'].flatMap((glob) => [
    ...new Bun.Glob(glob).scanSync(root),
  ])
  const found = await Promise.all(
    files.map(async (file) => {
      const lines = (await Bun.file(join(root, file)).text()).split('\n')
      return lines
        .filter((line) => /(?:--\w+[ =]|\bpsql |\bpg_\w+ )\S*:\/\/[^\s@]*:[^\s@]*@/.test(line))
        .map((line) => `${file}: ${line}`)
    }),
  )
  expect(found.flat()).toEqual([])
})
