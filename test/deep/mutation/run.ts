import { join } from 'node:path'
import postgres from 'postgres'
import { createIsolationCheck, type Finding } from '../../../src/isolation/index.ts'
import { migrate } from '../../../src/migrate/index.ts'
import { startPostgres } from '../../postgres.ts'
import type { Sabotage } from './mutations.ts'

const root = join(import.meta.dir, '../../..')

/** What a test, run with something broken, and the doctor, shown the same, have to say. */
export interface Notice {
  /** The tests that failed. */
  red: string[]
  /** All that the test's process wrote. */
  output: string
  findings: Finding[]
}

/** Does one sabotage after the other on servers of their own: some break a role, which belongs to the whole server. */
export async function runAll(mutations: Sabotage[], workers = 2): Promise<Map<Sabotage, Notice>> {
  const notices = new Map<Sabotage, Notice>()
  const waiting = [...mutations]
  async function work(): Promise<void> {
    const server = await startPostgres()
    const owner = postgres(server.ownerUrl, { max: 1, onnotice: () => {} })
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      const undo = 'undo' in next.broken ? (next.broken.undo ?? '') : ''
      const output = await runTest(next, server.ownerUrl)
      await owner.unsafe(undo)
      const findings = next.doctor && 'sql' in next.broken ? await inspect(next.broken.sql, server.ownerUrl) : []
      await owner.unsafe(undo)
      const red = [...output.matchAll(/^\(fail\) (.*?)( \[[\d.]+ms\])?$/gm)].map(([, title]) => title ?? '')
      notices.set(next, { red, output, findings })
    }
    await owner.end()
    await server.stop()
  }
  await Promise.all(Array.from({ length: workers }, work))
  return notices
}

/** Runs the test that should notice, with something broken; gives what its process wrote. */
async function runTest({ broken, test }: Sabotage, ownerUrl: string): Promise<string> {
  const { PATH = '', HOME = '' } = process.env
  const child = Bun.spawn(
    [process.execPath, 'test', '--config=test/deep/mutation/bunfig.toml', test.file, '-t', RegExp.escape(test.title)],
    {
      cwd: root,
      env: { PATH, HOME, TEST_DATABASE_URL: ownerUrl, TEST_MUTATION: JSON.stringify(asLines(broken)) },
      stdout: 'ignore',
      stderr: 'pipe',
    },
  )
  const output = await new Response(child.stderr).text()
  await child.exited
  return output
}

/** Statements are run on every database that a test makes, as soon as it has been migrated. */
function asLines(broken: Sabotage['broken']) {
  if (!('sql' in broken)) return broken
  const migrated = 'await migrate({ url: database.ownerUrl })'
  const by = `${migrated}\n  const owner = postgres(database.ownerUrl, { max: 1, onnotice: () => {} })\n  await owner.unsafe(${JSON.stringify(broken.sql)})\n  await owner.end()`
  return { file: 'test/database.ts', lines: [[migrated, by]] }
}

/** What the doctor finds in a migrated database with something broken. */
async function inspect(sql: string, ownerUrl: string): Promise<Finding[]> {
  await migrate({ url: ownerUrl })
  const owner = postgres(ownerUrl, { max: 1, onnotice: () => {} })
  const isolation = createIsolationCheck({ url: ownerUrl, role: 'app_user' })
  try {
    await owner.unsafe(sql)
    return await isolation.inspect()
  } finally {
    await isolation.close()
    await owner.unsafe('drop schema public cascade; create schema public; drop schema drizzle cascade')
    await owner.end()
  }
}
