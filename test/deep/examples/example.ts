import { expect, test } from 'bun:test'
import { cp } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { run } from '../../cli/run.ts'
import { main } from '../../database.ts'
import { archive, createFolder, root, runs } from '../kit/project.ts'

// A stranger's project: an example in a folder of its own, with the packed kit from npm's point of view, on Node.

/** An installed example. */
export interface Example {
  folder: string
  /** The path of an installed program, such as `rowhouse`. */
  program(name: string): string
}

/** Copies an example's sources, and installs its packages with the packed kit. */
export async function installExample(name: string): Promise<Example> {
  const folder = await createFolder()
  const isSource = (path: string) => !['node_modules', 'dist', 'package-lock.json'].includes(basename(path))
  await cp(join(root, 'examples', name), folder, { recursive: true, filter: isSource })
  await runs(['npm', 'install', '--no-save', '--prefer-offline', '--no-audit', '--no-fund', await archive()], folder)
  return { folder, program: (program) => join(folder, 'node_modules/.bin', program) }
}

/** What holds for every example. */
export function testExample(installed: () => Example): void {
  test('compiles, and the declarations of the kit compile with it', async () => {
    const { folder, program } = installed()
    const { stdout } = await run([program('tsc'), '--skipLibCheck', 'false', '--pretty', 'false'], folder)
    const own = stdout.split('\n').filter((line) => /^\S/.test(line) && !foreign.test(line))
    expect(own).toEqual([])
  }, 120_000)

  test('has the SQL and the migrations that its schema and the kit need', async () => {
    const { folder, program } = installed()
    const { stdout, stderr } = await run([program('rowhouse'), 'init'], folder)
    expect(stderr).toBe('')
    expect(stdout).not.toMatch(/ (written|updated|was not changed)/)
    expect(await runs([program('drizzle-kit'), 'generate'], folder)).toContain('No schema changes')
  }, 120_000)

  test('passes its own tests, and their process ends', async () => {
    const { folder, program } = installed()
    const env = { TEST_DATABASE_URL: main.ownerUrl }
    const { code, stdout, stderr } = await run([program('vitest'), 'run'], folder, env)
    expect({ code, output: code === 0 ? '' : stdout + stderr }).toEqual({ code: 0, output: '' })
  }, 120_000)
}

// Declarations of these name drivers that are not installed.
const foreign = /^node_modules\/(?:drizzle-orm|@better-auth\/core)\//

/** A port that nothing listens on. */
export function freePort(): number {
  using server = Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: () => new Response() })
  return server.port ?? 0
}
