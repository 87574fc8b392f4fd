import { describe, expect, test } from 'bun:test'
import { rowhouse } from '../../cli/run.ts'
import { startRoleServer } from '../../migrate/role-server.ts'
import { pgbouncer, startPooler } from '../../pooler.ts'

const server = await startRoleServer()
const { owner } = server
const nameOf = (url: string) => new URL(url).pathname.slice(1)

/** A database, and the environment of a migration of it. */
async function create(user = 'app_user', password = 's3cret') {
  const url = await server.createDatabase()
  const env = { DATABASE_OWNER_URL: url, DATABASE_URL: server.as(nameOf(url), encodeURIComponent(user), password) }
  return { url, env, name: nameOf(url) }
}
const migrate = (env: Record<string, string>) => rowhouse(['migrate'], { env })

describe('rowhouse migrate', () => {
  test('logs in as the service does, and reports the role', async () => {
    const { env } = await create('shop user')
    const { code, stdout, stderr } = await migrate(env)
    expect([code, stderr]).toEqual([0, ''])
    expect(stdout).toEndWith('\nThe login of DATABASE_URL works: shop user.\n')
  })

  test('refuses a role that exists with another password before it changes the database', async () => {
    const first = await create('app_user', 'first')
    expect((await migrate(first.env)).code).toBe(0)
    const second = await create()
    const { code, stdout, stderr } = await migrate(second.env)
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toMatch(
      /^DATABASE_URL: password authentication failed for user "app_user"\napp_user exists with another password\. [^\n]*Nothing was changed\.\n$/,
    )
    expect(stderr).toContain(`alter role "app_user" password '…';`)
    expect(stderr).not.toContain('s3cret')
    const [row] = await server.connect(second.url)`select to_regnamespace('tenancy')::text as found`
    expect(row?.found).toBeNull()
  })

  test('gives a second database of the server a serving role of its own after such a refusal', async () => {
    expect((await migrate((await create('app_user', 'first')).env)).code).toBe(0)
    const { env, name } = await create()
    expect((await migrate(env)).code).toBe(2)
    const DATABASE_URL = server.as(name, 'shop_user', 's3cret')
    expect(await migrate({ ...env, DATABASE_URL })).toMatchObject({ code: 0, stderr: '' })
    const doctor = await rowhouse(['doctor', '--strict'], { env: { DATABASE_URL } })
    expect(doctor.stdout).toContain(`shop_user on 127.0.0.1:`)
    expect(doctor.stdout).not.toMatch(/app_user|public-connect/)
  })

  test('exits with 1 when the database of DATABASE_URL does not let the role connect', async () => {
    const [shop, crm] = [await create('shop user'), await create()]
    expect((await migrate(shop.env)).code).toBe(0)
    const DATABASE_URL = server.as(shop.name, 'app_user', 's3cret')
    const { code, stdout, stderr } = await migrate({ ...crm.env, DATABASE_URL })
    expect(code).toBe(1)
    expect(stdout).not.toContain('works')
    expect(stderr).toMatch(
      /^DATABASE_URL: permission denied for database "database_0"\n[^\n]*Correct the database[^\n]*\n$/,
    )
    expect(stderr).toContain('grant connect on database "database_0" to "app_user";')
    expect(stderr).not.toContain('s3cret')
  })

  test('exits with 1 when the role may not log in', async () => {
    const { env } = await create()
    await migrate(env)
    await owner.unsafe('alter role app_user nologin')
    const { code, stdout, stderr } = await migrate(env)
    expect([code, stdout]).toEqual([1, expect.stringContaining('There was no new migration.')])
    expect(stderr).toMatch(/role "app_user" is not permitted to log in\n[^\n]*alter role "app_user" login;/)
  })

  test('exits with 1 when DATABASE_URL does not reach a server, and reports that the database is migrated', async () => {
    const { env } = await create()
    const outcome = await migrate({ ...env, DATABASE_URL: 'postgres://app_user:s3cret@127.0.0.1:1/x' })
    expect(outcome.code).toBe(1)
    expect(outcome.stderr).toMatch(
      /^DATABASE_URL: connect ECONNREFUSED [^\n]*\n[^\n]*is migrated\. [^\n]*from here[^\n]*\n$/,
    )
    expect(outcome.stderr).not.toContain('s3cret')
  })

  test('exits with 1 when DATABASE_URL names another database that does not exist', async () => {
    const { env } = await create()
    const { code, stderr } = await migrate({ ...env, DATABASE_URL: server.as('nowhere', 'app_user', 's3cret') })
    expect(code).toBe(1)
    expect(stderr).toMatch(/^DATABASE_URL: database "nowhere" does not exist\n/)
  })

  test('exits with 1 when DATABASE_URL has no password and the server asks for one', async () => {
    const { env, name } = await create()
    const { code, stderr } = await migrate({ ...env, DATABASE_URL: server.as(name, 'app_user', '') })
    expect(code).toBe(1)
    expect(stderr).toContain(`alter role "app_user" password '…';`)
  })

  test.each(['DATABASE_ADMIN_URL', 'DATABASE_BACKUP_URL'])('tries %s too', async (variable) => {
    const { env, name } = await create()
    const all = { ...env, [variable]: server.as(name, 'other role', 's3cret') }
    const { stdout, code } = await migrate(all)
    expect([code, stdout]).toEqual([0, expect.stringContaining(`The login of ${variable} works: other role.\n`)])
    await owner.unsafe(`alter role "other role" password 'other'`)
    const refused = await migrate(all)
    expect(refused.code).toBe(2)
    expect(refused.stderr).toStartWith(`${variable}: password authentication failed for user "other role"\n`)
  })

  test.skipIf(!pgbouncer)('exits with 1 when a pooler refuses the login', async () => {
    const { env } = await create()
    expect((await migrate(env)).code).toBe(0)
    const pooler = await startPooler(env.DATABASE_URL)
    try {
      const through = pooler.through(env.DATABASE_URL)
      expect(await migrate({ ...env, DATABASE_URL: through })).toMatchObject({ code: 0, stderr: '' })
      const unknown = Object.assign(new URL(through), { username: 'app_user.abcdefghijklmnopqrst' }).href
      const { code, stderr } = await migrate({ ...env, DATABASE_URL: unknown })
      expect(code).toBe(1)
      expect(stderr).toMatch(
        /^DATABASE_URL: [^\n]+\nThe database is migrated\. The server or a pooler refuses the login: /,
      )
      expect(stderr).not.toContain('s3cret')
    } finally {
      await pooler.stop()
    }
  })

  test('exits with 1 when DATABASE_URL leads to another role', async () => {
    const { env, name } = await create()
    await owner.unsafe(`create role other; create role app_user login password 's3cret' in role other`)
    const DATABASE_URL = `${server.as(name, 'app_user', 's3cret')}?options=-c%20role%3Dother`
    const { code, stderr } = await migrate({ ...env, DATABASE_URL })
    expect(code).toBe(1)
    expect(stderr).toStartWith('DATABASE_URL: the login works as the role other\n')
  })
})
