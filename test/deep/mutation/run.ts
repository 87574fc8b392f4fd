import { join } from 'node:path'
import postgres from 'postgres'
import { createIsolationCheck, type Finding } from '../../../src/isolation/index.ts'
import { migrate } from '../../../src/migrate/index.ts'
import { type PostgresServer, startPostgres } from '../../postgres.ts'
import type { CodeMutation, DatabaseMutation, Mutation } from './mutation.ts'

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
    await owner`create database migrated template template0`
    await migrate({ url: urlOf(server, 'migrated') })
    for (let next = waiting.shift(); next; next = waiting.shift())
      effects.set(next, 'sql' in next ? await mutateDatabase(next, server, owner) : await mutateCode(next, server))
    await owner.end()
    await server.stop()
  }
  await Promise.all(Array.from({ length: workers }, work))
  return effects
}

/** Runs the test on copies of a mutated database, and the doctor on that database. */
async function mutateDatabase(
  { sql, undo = '', test }: DatabaseMutation,
  server: PostgresServer,
  owner: postgres.Sql,
): Promise<Effect> {
  await owner`create database mutated template migrated`
  // CREATE DATABASE does not copy privileges.
  await owner`revoke connect, temporary on database mutated from public`
  await owner`grant connect on database mutated to app_user`
  const url = urlOf(server, 'mutated')
  const mutated = postgres(url, { max: 1, onnotice: () => {} })
  await mutated.unsafe(sql)
  await mutated.end() // a database with a connection cannot be copied
  const effect = await runTest(test, { TEST_DATABASE_URL: server.ownerUrl, TEST_TEMPLATE: 'mutated' })
  const isolation = createIsolationCheck({ url, role: 'app_user', allowPrivileged: true })
  const findings = await isolation.inspect().finally(() => isolation.close())
  await owner.unsafe(undo)
  await owner`drop database mutated with (force)`
  return { ...effect, findings }
}

/** Runs the test in a process that replaces the lines. A mutation of the migration meets a database that it migrated itself. */
function mutateCode({ file, lines, test }: CodeMutation, server: PostgresServer): Promise<Effect> {
  const template = file.startsWith('src/migrate/') ? {} : { TEST_TEMPLATE: 'migrated' }
  const mutation = JSON.stringify({ file, lines })
  const config = '--config=test/deep/mutation/bunfig.toml'
  return runTest(test, { TEST_DATABASE_URL: server.ownerUrl, TEST_MUTATION: mutation, ...template }, [config])
}

/** Runs a test in a process of its own. */
async function runTest(
  { file, title }: Mutation['test'],
  settings: Record<string, string>,
  options: string[] = [],
): Promise<Effect> {
  const { PATH = '', HOME = '' } = process.env
  const child = Bun.spawn([process.execPath, 'test', ...options, file, '-t', RegExp.escape(title)], {
    cwd: root,
    env: { PATH, HOME, ...settings },
    stdout: 'ignore',
    stderr: 'pipe',
  })
  const output = await new Response(child.stderr).text()
  await child.exited
  const failed = [...output.matchAll(/^\(fail\) (.*?)( \[[\d.]+ms\])?$/gm)].map(([, name]) => name ?? '')
  return { failed, output, findings: [] }
}

function urlOf(server: PostgresServer, database: string): string {
  const url = new URL(server.ownerUrl)
  url.pathname = `/${database}`
  return url.href
}
