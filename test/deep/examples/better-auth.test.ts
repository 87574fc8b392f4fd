import { beforeAll, expect, test } from 'bun:test'
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { asOwner, createBareDatabase, type TestDatabase } from '../../database.ts'
import { start, until } from '../../runtime/child.ts'
import { nodePath } from '../cli/built.ts'
import { commandsOf, runs } from '../kit/project.ts'
import { type Example, freePort, installExample, testExample } from './example.ts'

let example: Example
let database: TestDatabase
const env: Record<string, string> = {}

beforeAll(async () => {
  example = await installExample('better-auth')
  database = await createBareDatabase()
  const as = (username: string, password = 'change-me') =>
    Object.assign(new URL(database.ownerUrl), { username, password }).href
  Object.assign(env, {
    DATABASE_OWNER_URL: database.ownerUrl,
    DATABASE_URL: database.appUrl,
    // Roles belong to the whole server: other tests may have an app_directory with another password.
    DATABASE_DIRECTORY_URL: as(`better_auth_directory_${process.pid}`),
    DATABASE_AUTH_URL: as('better_auth'),
    AUTH_SECRET: 'the-secret-of-the-tests-0123456789',
  })
  await runs(['npm', 'run', 'migrate'], example.folder, env)
  await asOwner(database)`alter role better_auth password 'change-me'`
  await runs(['npm', 'run', 'build'], example.folder)
}, 180_000)

testExample(() => example)

test('has no finding in its schema and in its database', async () => {
  const { folder, program } = example
  for (const command of ['check', 'doctor']) {
    const output = await runs([program('rowhouse'), command, '--json'], folder, env)
    const found = JSON.parse(output).findings.filter(({ check }: { check: string }) => check !== 'server-release')
    expect([command, found]).toEqual([command, []])
  }
}, 60_000)

test('the login of better-auth reads its own tables, and no row of a tenant', async () => {
  const betterAuth = asOwner({ ...database, ownerUrl: env.DATABASE_AUTH_URL ?? '' })
  expect(await betterAuth`select count(*)::int as users from auth.user`).toMatchObject([{ users: expect.any(Number) }])
  await expect(betterAuth`select from notes`.execute()).rejects.toThrow('permission denied')
})

test.each([
  ['node', () => nodePath('22')],
  ['bun', () => process.execPath],
])(
  'answers the requests of its README on %s, and each organization gets its own rows',
  async (runtime, program) => {
    const port = String(freePort())
    const logged = join(example.folder, 'server.log')
    const command = ['sh', '-c', `exec "${program()}" dist/server.js > server.log`]
    await using server = start(command, { ...env, PORT: port }, example.folder)
    await until(async () => existsSync(logged) && (await readFile(logged, 'utf8')).includes(`localhost:${port}`))

    const bodies = await answersOf(await requests(), { port, runtime })
    expect(bodies.flatMap(textsOf)).toEqual([['of Acme'], ['of Globex'], ['of Acme'], ['of Globex']])
    expect(bodies.filter(({ error }) => error)).toMatchObject([
      { error: { message: 'You need the permission notes:purge' } },
    ])
    server.signal('SIGTERM')
    expect({ code: await server.exited, stderr: server.stderr }).toEqual({ code: 0, stderr: '' })
  },
  60_000,
)

interface Answer {
  data?: { text: string }[]
  error?: { message: string }
}

/** The requests that the README shows, after the commands that start the server. */
async function requests(): Promise<string> {
  const lines = await commandsOf('examples/better-auth/README.md')
  return lines.slice(lines.findIndex((line) => line.startsWith('call()'))).join('\n')
}

/** Runs requests with names of their own, because both runtimes have one database. */
async function answersOf(script: string, { port, runtime }: { port: string; runtime: string }): Promise<Answer[]> {
  const own = script
    .replaceAll('localhost:3000', `localhost:${port}`)
    .replaceAll(/\b(?:ada|bob|acme|globex)\b/g, (name) => `${name}-${runtime}`)
  const lines = (await runs(['bash', '-c', own], example.folder)).trim().split('\n')
  return lines.map((line) => JSON.parse(line))
}

/** The texts of a list of notes. */
const textsOf = ({ data }: Answer): string[][] => (Array.isArray(data) ? [data.map(({ text }) => text)] : [])
