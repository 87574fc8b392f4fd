import { describe, expect, test } from 'bun:test'
import { startAdminServer } from '../../database/admin-server.ts'
import { asOwner, createBareDatabase, main, newTenant } from '../../database.ts'
import { type Outcome, rowhouse } from '../run.ts'

const server = await startAdminServer()
const owner = asOwner(main)
const newSlug = () => `t${crypto.randomUUID().slice(0, 13)}`

const asOwnerOf = (...parameters: string[]) =>
  rowhouse(['tenant', ...parameters], { env: { DATABASE_OWNER_URL: main.ownerUrl } })
const asAdmin = (...parameters: string[]) =>
  rowhouse(['tenant', ...parameters], { env: { DATABASE_ADMIN_URL: server.adminUrl } })

/** What a run has logged; the other lines of its standard error are messages. */
const logged = ({ stderr }: Outcome) =>
  stderr
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line))

const messageOf = ({ stderr }: Outcome) =>
  stderr
    .split('\n')
    .filter((line) => !line.startsWith('{'))
    .join('\n')

async function create(slug = newSlug()): Promise<{ slug: string; id: string }> {
  const [row] = await owner`insert into tenancy.tenants (slug, name) values (${slug}, 'Acme Inc.') returning id`
  return { slug, id: String(row?.id) }
}

const statusOf = async (id: string) => (await owner`select status from tenancy.tenants where id = ${id}`)[0]?.status

describe('rowhouse tenant create', () => {
  test('makes a tenant, as app_admin, and prints nothing but its id', async () => {
    const outcome = await asAdmin('create', 'acme', '--name', `O'Neil & "Söhne"`)
    expect([outcome.code, outcome.stdout]).toEqual([0, expect.stringMatching(/^[0-9a-f-]{36}\n$/)])
    const rows = await server.owner`select id, name, status from tenancy.tenants where slug = 'acme'`
    expect([...rows]).toEqual([{ id: outcome.stdout.trim(), name: `O'Neil & "Söhne"`, status: 'active' }])
  })

  test('takes an id that another system has given', async () => {
    const id = newTenant()
    const { code, stdout } = await asOwnerOf('create', newSlug(), '--name', 'Acme', '--id', id.toUpperCase())
    expect([code, stdout]).toEqual([0, `${id}\n`])
  })

  test('logs its reason, and who ran it', async () => {
    const outcome = await asAdmin('create', 'logged', '--name', 'Acme')
    expect(logged(outcome)).toMatchObject([
      { reason: 'create tenant logged', actor: expect.any(String), mode: 'write', msg: 'administrative work' },
    ])
  })

  test('says whose a slug is already, and changes nothing', async () => {
    const { slug, id } = await create()
    const outcome = await asOwnerOf('create', slug, '--name', 'Another')
    expect([outcome.code, outcome.stdout]).toEqual([2, ''])
    expect(messageOf(outcome)).toBe(`There is a tenant ${slug} already: choose another slug\n`)
    expect((await owner`select name from tenancy.tenants where id = ${id}`)[0]?.name).toBe('Acme Inc.')
  })

  test('says whose an id is already', async () => {
    const { id } = await create()
    const outcome = await asOwnerOf('create', newSlug(), '--name', 'Another', '--id', id)
    expect([outcome.code, messageOf(outcome)]).toEqual([2, `There is a tenant ${id} already\n`])
  })
})

describe('rowhouse tenant suspend and resume', () => {
  test('change a tenant by its slug or its id, and say so', async () => {
    const { slug, id } = await create()
    const suspended = await asOwnerOf('suspend', slug, '--reason', 'Not paid')
    expect([suspended.code, suspended.stdout]).toEqual([0, `Tenant ${slug} (${id}) is suspended.\n`])
    expect(await statusOf(id)).toBe('suspended')
    const resumed = await asOwnerOf('resume', id.toUpperCase(), '--reason', 'Paid')
    expect([resumed.code, resumed.stdout]).toEqual([0, `Tenant ${slug} (${id}) is active.\n`])
    expect(await statusOf(id)).toBe('active')
  })

  test('may be run again: they say that it was so', async () => {
    const { slug, id } = await create()
    const resumed = await asOwnerOf('resume', slug, '--reason', 'Again')
    expect([resumed.code, resumed.stdout]).toEqual([0, `Tenant ${slug} (${id}) was active already.\n`])
    await asOwnerOf('suspend', slug, '--reason', 'Not paid')
    const suspended = await asOwnerOf('suspend', slug, '--reason', 'Again')
    expect([suspended.code, suspended.stdout]).toEqual([0, `Tenant ${slug} (${id}) was suspended already.\n`])
  })

  test('log the reason that was given', async () => {
    await asAdmin('create', 'late', '--name', 'Acme')
    const outcome = await asAdmin('suspend', 'late', '--reason', 'Invoice 4711')
    expect([outcome.code, logged(outcome)]).toMatchObject([0, [{ reason: 'Invoice 4711', mode: 'write' }]])
  })

  test('name a tenant that is not there', async () => {
    for (const unknown of ['nobody-at-all', newTenant()]) {
      const outcome = await asOwnerOf('suspend', unknown, '--reason', 'x')
      expect([outcome.code, outcome.stdout]).toEqual([2, ''])
      expect(messageOf(outcome)).toBe(`There is no tenant ${unknown}: "rowhouse tenant list" lists them\n`)
    }
  })
})

describe('rowhouse tenant list', () => {
  test('lists tenants by slug, a line each', async () => {
    const one = await create(`${newSlug().slice(0, 10)}-a`)
    const { code, stdout } = await asOwnerOf('list')
    expect(code).toBe(0)
    expect(stdout.split('\n').map((line) => line.replace(/ +/g, ' '))).toContain(
      `${one.slug} active ${one.id} Acme Inc.`,
    )
  })

  test('writes JSON, of one status where that is asked for', async () => {
    const [active, suspended] = [await create(), await create()]
    await asOwnerOf('suspend', suspended.slug, '--reason', 'Not paid')
    const { stdout } = await asOwnerOf('list', '--status', 'suspended', '--json')
    const tenants: { id: string; status: string }[] = JSON.parse(stdout)
    const instant = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
    expect(tenants).toContainEqual(
      expect.objectContaining({
        ...suspended,
        name: 'Acme Inc.',
        status: 'suspended',
        createdAt: instant,
        updatedAt: instant,
      }),
    )
    expect(tenants.map(({ id }) => id)).not.toContain(active.id)
  })

  test('says that there is none', async () => {
    const { adminUrl } = await startAdminServer()
    const list = (...flags: string[]) =>
      rowhouse(['tenant', 'list', ...flags], { env: { DATABASE_ADMIN_URL: adminUrl } })
    expect(await list()).toMatchObject({ code: 0, stdout: 'There is no such tenant.\n' })
    expect((await list('--json')).stdout).toBe('[]\n')
  })
})

describe('rowhouse tenant', () => {
  test.each(['create', 'list', 'suspend', 'resume'])(
    '%s --help says what it takes, with an example',
    async (command) => {
      const { code, stdout, stderr } = await rowhouse(['tenant', command, '--help'])
      expect([code, stderr]).toEqual([0, ''])
      expect(stdout).toMatch(new RegExp(`^Usage: rowhouse tenant ${command} \\[options\\]`))
      expect(stdout).toMatch(new RegExp(`Example:\\n.*rowhouse tenant ${command}`))
    },
  )

  test('--help names its commands', async () => {
    const { code, stdout } = await rowhouse(['tenant', '--help'])
    expect(code).toBe(0)
    expect([...stdout.matchAll(/^ {2}(\w+) \[options\]/gm)].map(([, name]) => name)).toEqual([
      'create',
      'list',
      'suspend',
      'resume',
    ])
  })

  const malformed = 'It must be a slug, of a-z, 0-9 and inner hyphens, or an id of 8-4-4-4-12 hex digits.'
  test.each<[string[], string]>([
    [
      ['create', 'Acme', '--name', 'x'],
      "'Acme' is invalid for argument 'slug'. It must be 1 to 63 of a-z, 0-9 and inner hyphens",
    ],
    [['create', newTenant(), '--name', 'x'], 'and not read as a uuid'],
    [['create', 'acme'], "required option '--name <name>' not specified"],
    [['create', 'acme', '--name', ' '], 'It must have 1 to 200 characters.'],
    [['create', 'acme', '--name', 'x', '--id', '1'], 'It must be 8-4-4-4-12 hex digits.'],
    [['suspend', 'acme'], "required option '--reason <text>' not specified"],
    [['suspend', 'acme', '--reason', ''], 'It must have 1 to 500 characters.'],
    [['suspend', 'a_b', '--reason', 'x'], malformed],
    [['resume', `${newTenant()}0`.toUpperCase(), '--reason', 'x'], malformed],
    [['list', '--status', 'gone'], 'Allowed choices are active, suspended.'],
    [['list', 'more'], 'too many arguments'],
    [['remove', 'acme'], "unknown command 'remove'"],
    [['list', '--nonsense'], "unknown option '--nonsense'"],
  ])('cannot run as %p, and says what is allowed', async (parameters, message) => {
    const { code, stdout, stderr } = await asOwnerOf(...parameters)
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toContain(message)
    expect(stderr).toEndWith('Add --help for what it takes.\n')
  })

  test.each<[string, Record<string, string>, RegExp]>([
    ['without a database', {}, /^Where\? Set DATABASE_ADMIN_URL: \S+, or DATABASE_OWNER_URL\n$/],
    [
      'with another kind of database',
      { DATABASE_ADMIN_URL: 'mysql://a:s3cret@h/d' },
      /^DATABASE_ADMIN_URL must be a URL as postgres:\S+\n$/,
    ],
    [
      'where no database answers',
      { DATABASE_OWNER_URL: 'postgres://o:s3cret@127.0.0.1:1/d' },
      /ECONNREFUSED[^\n]*\nStart PostgreSQL, [^\n]*\n$/,
    ],
    ['as the role that serves', { DATABASE_ADMIN_URL: main.appUrl }, /logs in as app_user, the role of the service: /],
  ])('%s says so in one message, without a password', async (_, env, message) => {
    const outcome = await rowhouse(['tenant', 'list'], { env })
    expect([outcome.code, outcome.stdout]).toEqual([2, ''])
    expect(messageOf(outcome)).toMatch(message)
    expect(outcome.stderr).not.toContain('s3cret')
  })

  test('of a database that was not prepared says to migrate first', async () => {
    const { ownerUrl } = await createBareDatabase()
    const outcome = await rowhouse(['tenant', 'list'], { env: { DATABASE_OWNER_URL: ownerUrl } })
    expect(outcome.code).toBe(2)
    expect(messageOf(outcome)).toBe(
      'There is no list of tenants: prepare the database first, with "rowhouse migrate"\n',
    )
  })

  test('as an owner whom row security binds works all the same', async () => {
    const others = await startAdminServer()
    await others.owner.unsafe(`create role landlord login createrole password 'x'`)
    await others.owner.unsafe('create database house owner landlord')
    const env = { DATABASE_OWNER_URL: others.as('landlord', 'x', 'house') }
    expect(await rowhouse(['migrate'], { env })).toMatchObject({ code: 0 })
    expect(await rowhouse(['tenant', 'create', 'acme', '--name', 'Acme'], { env })).toMatchObject({ code: 0 })
  })
})

describe('rowhouse migrate', () => {
  const migrate = (url: string) =>
    rowhouse(['migrate'], { env: { DATABASE_OWNER_URL: server.ownerUrl, DATABASE_ADMIN_URL: url } })

  test('with DATABASE_ADMIN_URL makes the role of administrative work, which can log in', async () => {
    const others = await startAdminServer()
    await others.owner.unsafe('drop owned by app_admin; drop role app_admin')
    const env = { DATABASE_OWNER_URL: others.ownerUrl, DATABASE_ADMIN_URL: others.adminUrl }
    expect(await rowhouse(['migrate'], { env })).toMatchObject({ code: 0, stderr: '' })
    const list = await rowhouse(['tenant', 'list'], { env: { DATABASE_ADMIN_URL: others.adminUrl } })
    expect(list.code).toBe(0)
  })

  test.each<[string, RegExp]>([
    ['postgres://web:s3cret@h/d', /^DATABASE_ADMIN_URL must log in as app_admin: [^\n]*\n$/],
    ['postgres://app_admin@h/d', /^DATABASE_ADMIN_URL must have a password: [^\n]*\n$/],
    ['mysql://app_admin:s3cret@h/d', /^DATABASE_ADMIN_URL must be a URL as postgres:[^\n]*\n$/],
  ])('with %s for it says what is wrong', async (url, message) => {
    const { code, stdout, stderr } = await migrate(url)
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toMatch(message)
    expect(stderr).not.toContain('s3cret')
  })
})
