import { describe, expect, test } from 'bun:test'
import { startAdminServer } from '../../database/admin-server.ts'
import { asOwner, createBareDatabase, createDatabase, main } from '../../database.ts'
import { newTenant } from '../../tenants.ts'
import { type Outcome, rowhouse, spawnRowhouse } from '../run.ts'

const server = await startAdminServer()
const owner = asOwner(main)
const newSlug = () => `t${crypto.randomUUID().slice(0, 13)}`

const asOwnerOf = (...parameters: string[]) =>
  rowhouse(['tenant', ...parameters], { env: { DATABASE_OWNER_URL: main.ownerUrl } })
const asAdmin = (...parameters: string[]) =>
  rowhouse(['tenant', ...parameters], { env: { DATABASE_ADMIN_URL: server.adminUrl } })

/** The log lines on stderr; its other lines are messages. */
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
  test('creates a tenant as app_admin, and prints its id', async () => {
    const outcome = await asAdmin('create', 'acme', '--name', `O'Neil & "Söhne"`)
    expect([outcome.code, outcome.stdout]).toEqual([0, expect.stringMatching(/^[0-9a-f-]{36}\n$/)])
    const rows = await server.owner`select id, name, status from tenancy.tenants where slug = 'acme'`
    expect([...rows]).toEqual([{ id: outcome.stdout.trim(), name: `O'Neil & "Söhne"`, status: 'active' }])
  })

  test('accepts an id from another system', async () => {
    const id = newTenant()
    const { code, stdout } = await asOwnerOf('create', newSlug(), '--name', 'Acme', '--id', id.toUpperCase())
    expect([code, stdout]).toEqual([0, `${id}\n`])
  })

  test('rejects what is no id of this database', async () => {
    const outcome = await asOwnerOf('create', newSlug(), '--name', 'Acme', '--id', '1')
    expect([outcome.code, outcome.stdout, messageOf(outcome)]).toEqual([2, '', 'id: Must be 8-4-4-4-12 hex digits\n'])
  })

  test('logs its reason and the user of the process, whatever $USER says', async () => {
    const env = { DATABASE_ADMIN_URL: server.adminUrl, USER: 'mallory', LOGNAME: 'mallory' }
    const outcome = await spawnRowhouse(['tenant', 'create', 'logged', '--name', 'Acme'], { env })
    const actor = Bun.spawnSync(['id', '-un']).stdout.toString().trim()
    expect(logged(outcome)).toMatchObject([
      { reason: 'create tenant logged', actor, mode: 'write', msg: 'administrative work' },
    ])
  })

  test.each<[string, ...string[]]>([
    ['create', newSlug(), '--name', 'Acme'],
    ['list'],
    ['suspend', 'nobody', '--reason', 'Unpaid'],
    ['resume', 'nobody', '--reason', 'Paid'],
  ])('%s logs the actor that --actor names', async (...command: string[]) => {
    expect(logged(await asAdmin(...command, '--actor', 'ada'))[0]).toMatchObject({ actor: 'ada' })
  })

  test('rejects a slug that another tenant has, and changes nothing', async () => {
    const { slug, id } = await create()
    const outcome = await asOwnerOf('create', slug, '--name', 'Another')
    expect([outcome.code, outcome.stdout]).toEqual([2, ''])
    expect(messageOf(outcome)).toBe('slug: This slug belongs to another tenant, or did\n')
    expect((await owner`select name from tenancy.tenants where id = ${id}`)[0]?.name).toBe('Acme Inc.')
  })

  test('rejects an id that another tenant has', async () => {
    const { id } = await create()
    const outcome = await asOwnerOf('create', newSlug(), '--name', 'Another', '--id', id)
    expect([outcome.code, messageOf(outcome)]).toEqual([2, 'id: This id belongs to another tenant, or did\n'])
  })
})

describe('as app_directory, rowhouse tenant', () => {
  const run = (...parameters: string[]) =>
    rowhouse(['tenant', ...parameters], { env: { DATABASE_DIRECTORY_URL: server.directoryUrl } })

  test('creates, finds and renames a tenant by each of its keys', async () => {
    const slug = newSlug()
    const created = await run(
      'create',
      slug,
      '--name',
      'Acme',
      '--external-id',
      `org_${slug}`,
      '--domain',
      `${slug}.example`,
    )
    const id = created.stdout.trim()
    const renamed = await run('rename', `org_${slug}`, '--by', 'externalId', '--name', 'Globex', '--actor', 'ada')
    expect(renamed.stdout).toBe(`Tenant ${slug} (${id}) has the name Globex.\n`)
    const { stdout } = await run('get', `${slug}.example`, '--by', 'domain')
    expect(JSON.parse(stdout)).toMatchObject({
      id,
      slug,
      name: 'Globex',
      domains: [`${slug}.example`],
      status: 'active',
    })
    await run('rename', slug, '--no-domains')
    expect(JSON.parse((await run('get', slug)).stdout)).toMatchObject({ domains: [] })
  })

  test('prints who changed a tenant, and why', async () => {
    const slug = newSlug()
    await run('create', slug, '--name', 'Acme', '--actor', 'ada')
    await run('suspend', slug, '--reason', 'Invoice 4711', '--actor', 'bob')
    expect(JSON.parse((await run('history', slug)).stdout)).toMatchObject([
      { action: 'suspend', actor: 'bob', reason: 'Invoice 4711', login: 'app_directory' },
      { action: 'create', actor: 'ada', reason: `create tenant ${slug}`, login: 'app_directory' },
    ])
  })

  test.each(['www', 'api'])('refuses the reserved slug %s', async (slug) => {
    const outcome = await run('create', slug, '--name', 'x')
    expect([outcome.code, messageOf(outcome)]).toEqual([2, 'slug: Is reserved\n'])
  })

  test('accepts a reserved slug with --allow-reserved', async () => {
    const { code, stdout } = await run('create', 'status', '--name', 'x', '--allow-reserved')
    expect([code, stdout]).toEqual([0, expect.stringMatching(/^[0-9a-f-]{36}\n$/)])
    expect((await run('rename', 'status', '--slug', 'docs', '--allow-reserved')).code).toBe(0)
  })

  test('gives a domain to another tenant once it was released', async () => {
    const [one, two] = [newSlug(), newSlug()]
    await run('create', one, '--name', 'One', '--domain', `${one}.example`)
    await run('create', two, '--name', 'Two')
    await run('rename', one, '--no-domains')
    const taken = await run('rename', two, '--domain', `${one}.example`)
    expect([taken.code, messageOf(taken)]).toEqual([2, 'domains.0: This domain belongs to another tenant, or did\n'])
    await run('rename', one, '--domain', `${one}.example`)
    await run('rename', one, '--no-domains', '--release-domains')
    expect((await run('rename', two, '--domain', `${one}.example`)).code).toBe(0)
  })
})

describe('rowhouse tenant suspend and resume', () => {
  test('change the status of a tenant by its slug or its id', async () => {
    const { slug, id } = await create()
    const suspended = await asOwnerOf('suspend', slug, '--reason', 'Not paid')
    expect([suspended.code, suspended.stdout]).toEqual([0, `Tenant ${slug} (${id}) is suspended.\n`])
    expect(await statusOf(id)).toBe('suspended')
    const resumed = await asOwnerOf('resume', id.toUpperCase(), '--by', 'id', '--reason', 'Paid')
    expect([resumed.code, resumed.stdout]).toEqual([0, `Tenant ${slug} (${id}) is active.\n`])
    expect(await statusOf(id)).toBe('active')
  })

  test('say that nothing changed when they run again', async () => {
    const { slug, id } = await create()
    const notKept = 'the reason is not kept.\n'
    const resumed = await asOwnerOf('resume', slug, '--reason', 'Again')
    expect([resumed.code, resumed.stdout]).toEqual([0, `Tenant ${slug} (${id}) is already active: ${notKept}`])
    await asOwnerOf('suspend', slug, '--reason', 'Not paid')
    const suspended = await asOwnerOf('suspend', slug, '--reason', 'Again')
    expect([suspended.code, suspended.stdout]).toEqual([0, `Tenant ${slug} (${id}) is already suspended: ${notKept}`])
  })

  test('log the given reason', async () => {
    await asAdmin('create', 'late', '--name', 'Acme')
    const outcome = await asAdmin('suspend', 'late', '--reason', 'Invoice 4711')
    expect([outcome.code, logged(outcome).at(-1)]).toMatchObject([0, { reason: 'Invoice 4711', mode: 'write' }])
  })

  test('reject a tenant that does not exist', async () => {
    for (const [unknown, by] of [
      ['unknown', 'slug'],
      [newTenant(), 'id'],
      ['a_b', 'slug'],
      [newTenant(), 'slug'],
    ] as const) {
      const outcome = await asOwnerOf('suspend', unknown, '--by', by, '--reason', 'x')
      expect([outcome.code, outcome.stdout]).toEqual([2, ''])
      expect(messageOf(outcome)).toBe(
        `Tenant ${unknown} does not exist: "bunx rowhouse tenant list" shows all tenants\n`,
      )
    }
  })
})

describe('rowhouse tenant list', () => {
  test('lists one tenant per line in the order of the slugs', async () => {
    const one = await create(`${newSlug().slice(0, 10)}-a`)
    const { code, stdout } = await asOwnerOf('list')
    expect(code).toBe(0)
    expect(stdout.split('\n').map((line) => line.replace(/ +/g, ' '))).toContain(
      `${one.slug} active ${one.id} Acme Inc.`,
    )
  })

  test('writes JSON, limited to a status when asked', async () => {
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

  test('reports an empty list', async () => {
    const { ownerUrl } = await createDatabase()
    const list = (...flags: string[]) =>
      rowhouse(['tenant', 'list', ...flags], { env: { DATABASE_OWNER_URL: ownerUrl } })
    expect(await list()).toMatchObject({ code: 0, stdout: 'No tenant found.\n' })
    expect((await list('--json')).stdout).toBe('[]\n')
  })
})

describe('rowhouse tenant', () => {
  test.each(['create', 'get', 'list', 'rename', 'suspend', 'resume', 'history'])(
    '%s --help shows its options and an example',
    async (command) => {
      const { code, stdout, stderr } = await rowhouse(['tenant', command, '--help'])
      expect([code, stderr]).toEqual([0, ''])
      expect(stdout).toMatch(new RegExp(`^Usage: bunx rowhouse tenant ${command} \\[options\\]`))
      expect(stdout).toMatch(new RegExp(`Example:\\n.*bunx rowhouse tenant ${command}`))
    },
  )

  test.each([
    ['create', '--name <name>'],
    ['suspend', '--reason <text>'],
    ['resume', '--reason <text>'],
  ])('%s --help marks %s as required', async (command, option) => {
    const { stdout } = await rowhouse(['tenant', command, '--help'])
    expect(stdout).toMatch(new RegExp(`${option} .*\\(required\\)\\n`))
  })

  test('lists its commands with --help', async () => {
    const { code, stdout } = await rowhouse(['tenant', '--help'])
    expect(code).toBe(0)
    expect([...stdout.matchAll(/^ {2}(\w+) \[options\]/gm)].map(([, name]) => name)).toEqual([
      'create',
      'get',
      'list',
      'rename',
      'suspend',
      'resume',
      'history',
    ])
  })

  test.each<[string[], string]>([
    [
      ['create', 'Acme', '--name', 'x'],
      "'Acme' is invalid for argument 'slug'. It must have 1 to 63 of a-z, 0-9 and inner hyphens",
    ],
    [['create', newTenant(), '--name', 'x'], 'and must not look like a uuid'],
    [['create', 'acme'], "required option '--name <name>' not specified"],
    [['list', '--actor', ' '], 'It must have 1 to 255 characters.'],
    [['suspend', 'acme'], "required option '--reason <text>' not specified"],
    [['suspend', 'acme', '--reason', ''], 'It must have 1 to 500 characters.'],
    [['suspend', 'acme', '--by', 'name', '--reason', 'x'], 'Allowed choices are id, slug, externalId, domain.'],
    [
      ['rename', 'acme', '--no-domains', '--domain', 'a.example'],
      "option '--no-domains' cannot be used with option '--domain <domains...>'",
    ],
    [['rename', 'acme', '--slug', 'A'], 'It must have 1 to 63 of a-z, 0-9 and inner hyphens'],
    [['list', '--status', 'gone'], 'Allowed choices are active, suspended.'],
    [['list', 'more'], 'too many arguments'],
    [['remove', 'acme'], "unknown command 'remove'"],
    [['list', '--nonsense'], "unknown option '--nonsense'"],
  ])('rejects %p with the allowed values', async (parameters, message) => {
    const { code, stdout, stderr } = await asOwnerOf(...parameters)
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toContain(message)
    expect(stderr).toEndWith('Run the command with --help to see its options.\n')
  })

  test.each<[string[], string]>([
    [['rename', 'acme'], 'Nothing to change: give --name, --slug, --external-id, --domain or --no-domains\n'],
    [['rename', 'acme', '--release-domains'], 'Nothing to change: give --name'],
    [['create', 'acme', '--name', ' '], 'name: Must have 1 to 200 characters, and no control characters\n'],
    [['create', 'acme', '--name', 'a\nb'], 'name: Must have 1 to 200 characters, and no control characters\n'],
    [
      ['create', 'acme', '--name', 'x', '--domain', 'a.example', 'a b'],
      'domains.1: Must be a domain such as shop.example.com\n',
    ],
  ])('rejects %p in one message', async (parameters, message) => {
    const outcome = await asOwnerOf(...parameters)
    expect([outcome.code, outcome.stdout]).toEqual([2, ''])
    expect(messageOf(outcome)).toStartWith(message)
  })

  test.each<[string, Record<string, string>, RegExp]>([
    [
      'without a database',
      {},
      /^DATABASE_DIRECTORY_URL is not set: set it to \S+, or set DATABASE_ADMIN_URL or DATABASE_OWNER_URL\n$/,
    ],
    [
      'with the URL of another kind of database',
      { DATABASE_ADMIN_URL: 'mysql://a:s3cret@h/d' },
      /^DATABASE_ADMIN_URL must be a URL such as postgres:\S+\n$/,
    ],
    [
      'with a database that does not answer',
      { DATABASE_OWNER_URL: 'postgres://o:s3cret@127.0.0.1:1/d' },
      /ECONNREFUSED[^\n]*\nStart PostgreSQL, [^\n]*\n$/,
    ],
    ['as the serving role', { DATABASE_ADMIN_URL: main.appUrl }, /logs in as app_user, the role of the service: /],
  ])('fails %s in one message without a password', async (_, env, message) => {
    const outcome = await rowhouse(['tenant', 'list'], { env })
    expect([outcome.code, outcome.stdout]).toEqual([2, ''])
    expect(messageOf(outcome)).toMatch(message)
    expect(outcome.stderr).not.toContain('s3cret')
  })

  test('reports that the database must be migrated first', async () => {
    const { ownerUrl } = await createBareDatabase()
    const outcome = await rowhouse(['tenant', 'list'], { env: { DATABASE_OWNER_URL: ownerUrl } })
    expect(outcome.code).toBe(2)
    expect(messageOf(outcome)).toBe(
      'The tenant directory of this release does not exist: run "bunx rowhouse migrate" first\n',
    )
  })

  test('works for an owner that row-level security applies to', async () => {
    await server.owner.unsafe(`create role landlord login createrole password 'x'`)
    await server.owner.unsafe('create database house owner landlord')
    const env = { DATABASE_OWNER_URL: server.as('landlord', 'x', 'house') }
    expect(await rowhouse(['migrate'], { env })).toMatchObject({ code: 0 })
    expect(await rowhouse(['tenant', 'create', 'acme', '--name', 'Acme'], { env })).toMatchObject({ code: 0 })
    await server.owner.unsafe('drop database house with (force)') // its grants would keep app_admin from being dropped
  })
})

describe('rowhouse migrate', () => {
  test('reports that it created app_user without a password, and later that the role existed', async () => {
    await server.owner.unsafe('drop owned by app_user; drop role app_user')
    const env = { DATABASE_OWNER_URL: server.ownerUrl }
    const first = await rowhouse(['migrate'], { env })
    expect(first.stdout).toEndWith(
      `\nDATABASE_URL is not set: app_user has no password yet. Set one: alter role "app_user" password '…';\n`,
    )
    const second = await rowhouse(['migrate'], { env })
    expect(second.stdout).toEndWith('\napp_user existed: its password was not changed.\n')
    await server.owner.unsafe('drop owned by app_user; drop role app_user')
    const withoutPassword = { ...env, DATABASE_URL: server.as('app_user', '', 'postgres') }
    expect((await rowhouse(['migrate'], { env: withoutPassword })).stderr).toContain('DATABASE_URL has no password,')
    await server.owner.unsafe('drop owned by app_user; drop role app_user')
    const withPassword = { ...env, DATABASE_URL: server.as('app_user', 'x', 'postgres') }
    expect((await rowhouse(['migrate'], { env: withPassword })).stdout).not.toContain('password')
  })

  const migrate = (url: string) =>
    rowhouse(['migrate'], { env: { DATABASE_OWNER_URL: server.ownerUrl, DATABASE_ADMIN_URL: url } })

  test('creates app_admin, which can log in, when DATABASE_ADMIN_URL is set', async () => {
    await server.owner.unsafe('drop owned by app_admin; drop role app_admin')
    const env = { DATABASE_OWNER_URL: server.ownerUrl, DATABASE_ADMIN_URL: server.adminUrl }
    expect(await rowhouse(['migrate'], { env })).toMatchObject({ code: 0, stderr: '' })
    expect(await asAdmin('list')).toMatchObject({ code: 0 })
  })

  test.each<[string, RegExp]>([
    [
      'postgres://web:s3cret@h/d',
      /^The admin role of this database is app_admin, and DATABASE_ADMIN_URL logs in as web\./,
    ],
    ['postgres://app_admin@h/d', /^DATABASE_ADMIN_URL must have a password: [^\n]*\n$/],
    ['mysql://app_admin:s3cret@h/d', /^DATABASE_ADMIN_URL must be a URL such as postgres:[^\n]*\n$/],
  ])('rejects %s as DATABASE_ADMIN_URL', async (url, message) => {
    const { code, stdout, stderr } = await migrate(url)
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toMatch(message)
    expect(stderr).not.toContain('s3cret')
  })
})
