import { beforeAll, describe, test } from 'bun:test'
import { join } from 'node:path'
import { z } from 'zod'
import { main } from '../database.ts'
import { hasNode, root, start } from '../runtime/child.ts'
import { escapedHandleCases } from './escaped-handle-cases.ts'

if (!hasNode) process.stderr.write('Node is not installed: the tests of the escaped handle on Node are skipped.\n')

const Line = z.object({ name: z.string(), failure: z.string().optional() })

describe.skipIf(!hasNode)('on Node', () => {
  const failures = new Map<string, string | undefined>()
  let stderr = ''

  beforeAll(async () => {
    const outdir = join(root, 'dist', 'escaped-handle') // inside the repository, so that Node finds the packages
    const entrypoints = [join(import.meta.dir, 'escaped-handle-node.ts')]
    await Bun.build({ entrypoints, target: 'node', packages: 'external', outdir })
    await using child = start(['node', join(outdir, 'escaped-handle-node.js'), main.appUrl])
    await child.exited
    stderr = child.stderr
    for (const line of child.stdout.trim().split('\n')) {
      const { name, failure } = Line.parse(JSON.parse(line))
      failures.set(name, failure)
    }
  }, 60_000)

  test.each(escapedHandleCases.map(({ name }) => name))('%s', (name) => {
    if (!failures.has(name)) throw new Error(`Node did not run this case: ${stderr}`)
    const failure = failures.get(name)
    if (failure !== undefined) throw new Error(failure)
  })
})
