import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { asOwner, createDatabase, main } from '../database.ts'
import { buildForNode, type Child, root, runtimes, start } from './child.ts'

setDefaultTimeout(60_000)

beforeAll(buildForNode)

// The owner of the tables must not serve. Roles belong to the whole server, so the test drops this one.
const database = await createDatabase()
const administrator = asOwner(database)
const withoutDirectory = await createDatabase()
const owner = `owner_${randomBytes(6).toString('hex')}`
let limit: unknown
beforeAll(async () => {
  await asOwner(withoutDirectory)`drop function tenancy.find_tenant(text, text)`
  const [role] = await administrator`select rolconnlimit from pg_roles where rolname = 'app_user'`
  limit = role?.rolconnlimit
  await administrator.unsafe(
    `create role ${owner} login password 'owns'; alter table tasks owner to ${owner}; grant usage on schema tenancy to ${owner};
    grant connect on database ${new URL(database.ownerUrl).pathname.slice(1)} to ${owner}`,
  )
})
afterAll(async () => {
  await administrator.unsafe(`drop owned by ${owner} cascade; drop role ${owner}`)
})

/** The stderr of a failed start, whose stdout has only warnings. */
async function failure(child: Child, exitCode = 1): Promise<string> {
  await using ended = child
  expect(await Promise.race([ended.exited, ended.listening().catch(() => ended.exited)])).toBe(exitCode)
  expect(ended.log().filter(({ level }) => level !== 'warn')).toEqual([])
  expect(ended.stderr).not.toMatch(/^\s+at /m)
  return ended.stderr
}

/** A database URL after a change. */
function altered(original: string, change: (url: URL) => void): string {
  const url = new URL(original)
  change(url)
  return url.href
}

// The messages are the same on Node, where each start costs three times as much: the deep suite compares them there too.
describe.each(process.env.DEEP ? runtimes : runtimes.slice(0, 1))('a start on $name', ({ start }) => {
  const secret = new URL(main.appUrl).password

  test('without DATABASE_URL reports that it is required, and names the page of settings', async () => {
    expect(await failure(start({}))).toBe(`Invalid configuration:
  - DATABASE_URL is required: postgres://app_user:password@host:5432/database ("bun run up" starts a database of its own)
docs/configuration.md explains every setting, .env.example is a template.
`)
  })

  test('with several wrong settings names each of them, and shows no value', async () => {
    const wrong = { DATABASE_URL: 'mysql://s3cret', PORT: 's3cret', TENANT_HEADER: 'Host', LOG_LEVEL: 's3cret' }
    const output = await failure(start(wrong))
    for (const name of Object.keys(wrong)) expect(output).toContain(`- ${name} `)
    expect(output).not.toContain('s3cret')
  })

  test('with the login of a superuser is refused', async () => {
    const output = await failure(start({ DATABASE_URL: main.ownerUrl }))
    expect(output).toContain('the serving role is a superuser')
    expect(output).toContain('Log in as a role that row-level security applies to, such as app_user')
  })

  test('with the login of the tables’ owner is refused', async () => {
    const output = await failure(
      start({
        DATABASE_URL: altered(database.ownerUrl, (url) => Object.assign(url, { username: owner, password: 'owns' })),
      }),
    )
    expect(output).toContain('the serving role owns table public.tasks')
  })

  test('with a database that was never migrated names the command to migrate', async () => {
    const output = await failure(start({ DATABASE_URL: altered(main.appUrl, (url) => (url.pathname = '/postgres')) }))
    expect(output).toContain('it has no tenant table')
    expect(output).toContain('"rowhouse migrate"')
  })

  test('without a server at the database’s address reports the address', async () => {
    const output = await failure(start({ DATABASE_URL: altered(main.appUrl, (url) => (url.port = '1')) }))
    expect(output).toContain('ECONNREFUSED 127.0.0.1:1')
    expect(output).toContain('Start PostgreSQL, or correct the host and the port')
  })

  test('with a host that does not exist reports it', async () => {
    const output = await failure(
      start({ DATABASE_URL: altered(main.appUrl, (url) => (url.hostname = 'nowhere.invalid')) }),
    )
    expect(output).toMatch(/ENOTFOUND nowhere.invalid|EAI_AGAIN nowhere.invalid/)
    expect(output).toContain("Correct the host of the database's URL")
  })

  test('with a wrong password reports it, and does not show it', async () => {
    const output = await failure(start({ DATABASE_URL: altered(main.appUrl, (url) => (url.password = 's3cret')) }))
    expect(output).toContain('password authentication failed for user "app_user"')
    expect(output).toContain('Correct the user or the password')
    expect(output).not.toContain('s3cret')
  })

  test('with a database that does not exist reports it', async () => {
    const output = await failure(start({ DATABASE_URL: altered(main.appUrl, (url) => (url.pathname = '/nowhere')) }))
    expect(output).toContain('database "nowhere" does not exist')
    expect(output).toContain('Create the database')
  })

  test.each([
    'postgres://app_user:s3cret/@localhost:5432/rowhouse',
    'postgres://app_user:s3cret%@localhost:5432/rowhouse',
    'postgres://app_user:s3cret@localhost:99999/rowhouse',
    'postgres://s3cret@[::',
    'postgres://app_user:s3cret@localhost/rowhouse?sslmode=verfy-full',
  ])('with a URL that is not understood (%s) names the setting and does not show the password', async (url) => {
    for (const name of ['DATABASE_URL', 'DATABASE_REPLICA_URL']) {
      const output = await failure(start({ DATABASE_URL: main.appUrl, [name]: url }))
      expect(output).toMatch(new RegExp(`- ${name} (is malformed: |has an unknown sslmode: )`))
      expect(output).not.toContain('s3cret')
    }
  })

  test('without a password in the URL says that it is missing', async () => {
    const output = await failure(start({ DATABASE_URL: altered(main.appUrl, (url) => (url.password = '')) }))
    expect(output).toContain("Add the password to the database's URL")
  })

  test.each(['on', 'required'])(
    'with TENANT_DIRECTORY=%s and a database without it names the function',
    async (value) => {
      const output = await failure(start({ DATABASE_URL: withoutDirectory.appUrl, TENANT_DIRECTORY: value }))
      expect(output).toBe(
        `TENANT_DIRECTORY needs the function tenancy.find_tenant, which is not in this database: run "rowhouse migrate" with sql/35-tenant-directory.sql, or set TENANT_DIRECTORY=off.\n`,
      )
    },
  )

  test('with more connections than the role may have warns with both numbers', async () => {
    await using server = start({ DATABASE_URL: main.appUrl, DATABASE_POOL_SIZE: '1000' })
    await server.listening()
    const [warning] = server.log().filter(({ check }) => check === 'connection-limit')
    expect(warning).toMatchObject({ level: 'warn', object: 'app_user' })
    expect(warning?.problem).toBe(
      `DATABASE_POOL_SIZE and the checks need up to 1001 connections, and the role may have ${limit}`,
    )
  })

  test('on a used port reports it', async () => {
    using occupant = Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: () => new Response() })
    const output = await failure(start({ DATABASE_URL: main.appUrl, PORT: String(occupant.port) }))
    expect(output).toContain(`Cannot listen on http://127.0.0.1:${occupant.port}`)
    expect(output).toContain('Change HOST or PORT')
    expect(output).not.toContain(secret)
  })
})

test('a start with an option is refused: every setting is an environment variable', async () => {
  const output = await failure(start([process.execPath, join(root, 'src/runtime/bun.ts'), '--port=80']))
  expect(output).toBe('Unknown option: --port=80. Every setting is an environment variable: docs/configuration.md\n')
})

describe('bun run migrate', () => {
  /** The stderr of a `rowhouse migrate` that could not run: exit code 2. */
  const refusal = (environment: Record<string, string>) =>
    failure(start([process.execPath, join(root, 'src/cli/rowhouse.ts'), 'migrate'], environment), 2)

  test('without DATABASE_OWNER_URL reports that it is required', async () => {
    expect(await refusal({})).toContain('DATABASE_OWNER_URL is not set')
  })

  test('with a malformed URL does not show the password', async () => {
    for (const name of ['DATABASE_OWNER_URL', 'DATABASE_URL']) {
      const output = await refusal({ DATABASE_OWNER_URL: main.ownerUrl, [name]: 'postgres://a:s3cret/@b:99999/c' })
      expect(output).toContain(`${name} is malformed`)
      expect(output).not.toContain('s3cret')
    }
  })

  test('with a wrong password reports it', async () => {
    const url = altered(main.ownerUrl, (url) => (url.password = 's3cret'))
    const output = await refusal({ DATABASE_OWNER_URL: url })
    expect(output).toContain('password authentication failed for user "postgres"')
    expect(output).not.toContain('s3cret')
  })

  test('as a role that may not migrate names the statement, without a stack', async () => {
    const output = await refusal({ DATABASE_OWNER_URL: main.appUrl })
    expect(output).toMatch(/^sql\/\S+, statement \d+: .*(permission denied|must be|Only roles)/)
  })
})
