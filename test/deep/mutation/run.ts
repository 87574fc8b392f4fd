import { join } from 'node:path'
import postgres from 'postgres'
import { createIsolationCheck, type Finding } from '../../../src/isolation/index.ts'
import { migrate } from '../../../src/migrate/index.ts'
import { startPostgres } from '../../postgres.ts'
import type { CodeMutation, Mutation } from './mutation.ts'

const root = join(import.meta.dir, '../../..')

/** What a mutation caused. */
export interface Effect {
  /** The names of the tests that failed. */
  failed: string[]
  /** The output of the test's process. */
  output: string
  /** What the doctor found in the mutated database; empty for a mutation of the code. */
  findings: Finding[]
}

/** Runs all mutations. Each worker has its own server, because some mutations change a role, which belongs to the whole server. */
export async function runAll(mutations: Mutation[], workers = 2): Promise<Map<Mutation, Effect>> {
  const effects = new Map<Mutation, Effect>()
  const waiting = [...mutations]
  async function work(): Promise<void> {
    const server = await startPostgres()
    const owner = postgres(server.ownerUrl, { max: 1, onnotice: () => {} })
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      const undo = 'undo' in next ? (next.undo ?? '') : ''
      const output = await runTest(next, server.ownerUrl)
      await owner.unsafe(undo)
      const findings = 'sql' in next ? await inspect(next.sql, server.ownerUrl) : []
      await owner.unsafe(undo)
      const failed = [...output.matchAll(/^\(fail\) (.*?)( \[[\d.]+ms\])?$/gm)].map(([, name]) => name ?? '')
      effects.set(next, { failed, output, findings })
    }
    await owner.end()
    await server.stop()
  }
  await Promise.all(Array.from({ length: workers }, work))
  return effects
}

/** Runs the mutation's test in a process with the mutation; returns its output. */
async function runTest(mutation: Mutation, ownerUrl: string): Promise<string> {
  const { file, title } = mutation.test
  const { PATH = '', HOME = '' } = process.env
  const child = Bun.spawn(
    [process.execPath, 'test', '--config=test/deep/mutation/bunfig.toml', file, '-t', RegExp.escape(title)],
    {
      cwd: root,
      env: { PATH, HOME, TEST_DATABASE_URL: ownerUrl, TEST_MUTATION: JSON.stringify(replacementsOf(mutation)) },
      stdout: 'ignore',
      stderr: 'pipe',
    },
  )
  const output = await new Response(child.stderr).text()
  await child.exited
  return output
}

/** The lines that a mutation replaces. Statements run in every database of the test, right after its migration. */
function replacementsOf(mutation: Mutation): Pick<CodeMutation, 'file' | 'lines'> {
  if ('lines' in mutation) return { file: mutation.file, lines: mutation.lines }
  const migration = 'await migrate({ ...project, url: database.ownerUrl })'
  const mutated = `${migration}
  const owner = postgres(database.ownerUrl, { max: 1, onnotice: () => {} })
  await owner.unsafe(${JSON.stringify(mutation.sql)})
  await owner.end()`
  return { file: 'test/database.ts', lines: [[migration, mutated]] }
}

/** What the doctor finds in a migrated database after the statements. */
async function inspect(sql: string, ownerUrl: string): Promise<Finding[]> {
  await migrate({ url: ownerUrl })
  const owner = postgres(ownerUrl, { max: 1, onnotice: () => {} })
  const isolation = createIsolationCheck({ url: ownerUrl, role: 'app_user', allowPrivileged: true })
  try {
    await owner.unsafe(sql)
    return await isolation.inspect()
  } finally {
    await isolation.close()
    await owner.unsafe('drop schema public cascade; create schema public; drop schema drizzle cascade')
    await owner.end()
  }
}
