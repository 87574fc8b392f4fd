import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { createIsolationCheck, type Finding } from '../../../src/isolation/index.ts'
import { asOwner, createDatabase } from '../../database.ts'

// Roles belong to the whole server, where other tests use app_user, so each test has a role of its own.
const database = await createDatabase()
const owner = asOwner(database)
const [server] = await owner<{ version: number }[]>`select current_setting('server_version_num')::int as version`
const version = server?.version ?? 0
const suffix = crypto.randomUUID().slice(0, 8)
const group = `group_${suffix}`
const privileged = `privileged_${suffix}`
let count = 0
const made: string[] = [group, privileged]

async function createRole(attributes = ''): Promise<{ role: string; url: string }> {
  const role = `role_${suffix}_${count++}`
  const url = new URL(database.ownerUrl)
  await owner.unsafe(`create role ${role} login password 'x' ${attributes};
    grant connect on database ${url.pathname.slice(1)} to ${role}`)
  made.push(role)
  url.username = role
  url.password = 'x'
  return { role, url: url.href }
}

async function errorsFor(url: string): Promise<Finding[]> {
  const isolation = createIsolationCheck({ url })
  try {
    return (await isolation.inspect()).filter(({ level }) => level === 'error')
  } finally {
    await isolation.close()
  }
}

beforeAll(async () => {
  await owner.unsafe(`create role ${group}; create role ${privileged} bypassrls`)
})

afterAll(async () => {
  for (const role of made.reverse())
    await owner.unsafe(`reassign owned by ${role} to postgres; drop owned by ${role}; drop role ${role}`)
})

describe('the isolation check of a role', () => {
  test('accepts a role that may only read', async () => {
    const { role, url } = await createRole()
    await owner.unsafe(`grant usage on schema tenancy to ${role}; grant select on users, tasks to ${role}`)
    expect(await errorsFor(url)).toEqual([])
  })

  test('reports a serving role without privileges', async () => {
    const { role, url } = await createRole()
    const problem = 'the serving role may not read any tenant table'
    expect(await errorsFor(url)).toMatchObject([{ guarantee: 20, object: role, problem }])
  })

  test.each([
    ['superuser', 'is a superuser'],
    ['bypassrls', 'has BYPASSRLS'],
    ['createrole', 'has CREATEROLE'],
    ['createdb', 'has CREATEDB'],
    ['replication', 'has REPLICATION'],
  ])('reports a serving role that is %s', async (attribute, problem) => {
    const { role, url } = await createRole(attribute)
    expect(await errorsFor(url)).toContainEqual(
      expect.objectContaining({ guarantee: 11, object: role, problem: `the serving role ${problem}` }),
    )
  })

  test.each(['pg_read_all_data', privileged])('reports a serving role that is a member of %s', async (other) => {
    const { role, url } = await createRole(`in role ${other}`)
    expect(await errorsFor(url)).toContainEqual(
      expect.objectContaining({ guarantee: 11, object: role, problem: `the serving role is a member of ${other}` }),
    )
  })

  test('warns of a group whose privileges the role inherits', async () => {
    const { role, url } = await createRole(`in role ${group}`)
    const isolation = createIsolationCheck({ url })
    const findings = await isolation.inspect()
    await isolation.close()
    const problem = `the serving role is a member of ${group}, whose privileges it inherits`
    expect(findings).toContainEqual(expect.objectContaining({ level: 'warning', object: role, problem }))
  })

  test('reports a group whose privileges need SET ROLE', async () => {
    const { role, url } = await createRole(`noinherit in role ${group}`)
    expect(await errorsFor(url)).toContainEqual(
      expect.objectContaining({ guarantee: 11, object: role, problem: `the serving role is a member of ${group}` }),
    )
  })

  test.skipIf(version < 160_000)('accepts a membership without INHERIT and SET', async () => {
    const { role, url } = await createRole()
    await owner.unsafe(`grant ${privileged} to ${role} with inherit false, set false`)
    expect((await errorsFor(url)).filter(({ guarantee }) => guarantee === 11)).toEqual([])
  })

  describe.skipIf(version < 160_000)('with a membership whose only option is ADMIN', () => {
    const granted = `with admin option, inherit false, set false`
    const about = (findings: Finding[]) =>
      findings.filter(({ check }) => check === 'role-membership').map(({ problem }) => problem)

    test('reports a role that may grant itself BYPASSRLS', async () => {
      const { role, url } = await createRole()
      await owner.unsafe(`grant ${privileged} to ${role} ${granted}`)
      expect(about(await errorsFor(url))).toEqual([
        `the serving role may grant itself the role ${privileged}, by ADMIN OPTION`,
      ])
    })

    test('reports a role that reaches the membership through another role, and prints statements that end it', async () => {
      const { role: between } = await createRole()
      const { role: grantor } = await createRole()
      const { role, url } = await createRole()
      await owner.unsafe(`
        grant ${privileged} to ${between} ${granted}; grant ${between} to ${grantor} with admin option;
        set role ${grantor}; grant ${between} to ${role} ${granted}; reset role;
        set role ${role}; grant ${between} to ${group}; reset role`)
      const found = await errorsFor(url)
      expect(about(found)).toEqual([
        `the serving role may grant itself the role ${privileged}, by ADMIN OPTION`,
        `the serving role may grant itself the role ${between}, by ADMIN OPTION`,
      ])
      for (const { remedy } of found.filter(({ check }) => check === 'role-membership')) await owner.unsafe(remedy)
      expect(about(await errorsFor(url))).toEqual([])
    })
  })

  test('warns of a role that removes a limit of the database', async () => {
    const { role, url } = await createRole('connection limit 5')
    const name = new URL(database.ownerUrl).pathname.slice(1)
    await owner.unsafe(`alter database ${name} set lock_timeout = '5s'; alter role ${role} set lock_timeout = 0`)
    const isolation = createIsolationCheck({ url })
    const problems = (await isolation.inspect()).map(({ problem }) => problem)
    await isolation.close()
    await owner.unsafe(`alter database ${name} reset lock_timeout`)
    expect(problems).toContain('the serving role has no default for lock_timeout')
  })

  test('reports a serving role that owns a table', async () => {
    const { role, url } = await createRole()
    await owner.unsafe(`alter table tasks owner to ${role}`)
    try {
      expect(await errorsFor(url)).toContainEqual(
        expect.objectContaining({ guarantee: 11, object: role, problem: 'the serving role owns table public.tasks' }),
      )
    } finally {
      await owner.unsafe('alter table tasks owner to current_user')
    }
  })

  test.each(['app.current_tenant', 'row_security'])('reports a role that presets %s', async (setting) => {
    const { role, url } = await createRole()
    await owner.unsafe(`
      alter role ${role} set ${setting} = 'off';
      grant usage on schema tenancy to ${role};
      grant select on tasks to ${role}`)
    expect(await errorsFor(url)).toContainEqual(
      expect.objectContaining({ guarantee: 16, object: role, problem: `it presets ${setting}=off` }),
    )
  })

  test('reports a tenant that the connection string sets', async () => {
    const { url } = await createRole()
    const withTenant = new URL(url)
    withTenant.search = `?options=-c%20app.current_tenant=${crypto.randomUUID()}`
    expect(await errorsFor(withTenant.href)).toContainEqual(
      expect.objectContaining({ guarantee: 16, object: 'session' }),
    )
  })

  test('reports a row that is visible without a tenant', async () => {
    const { role, url } = await createRole()
    await owner.unsafe(`
      create table leaky (tenant_id uuid not null);
      insert into leaky values (gen_random_uuid());
      grant select on leaky to ${role}`)
    try {
      expect(await errorsFor(url)).toContainEqual(
        expect.objectContaining({ guarantee: 3, object: 'public.leaky', problem: 'it returns rows without a tenant' }),
      )
    } finally {
      await owner.unsafe('drop table leaky')
    }
  })

  test('warns of a role without limits', async () => {
    const { role, url } = await createRole()
    const transactionTimeout = version >= 170_000 ? ['transaction_timeout'] : []
    const isolation = createIsolationCheck({ url })
    const warnings = (await isolation.inspect()).filter(({ guarantee }) => guarantee === 18)
    await isolation.close()
    expect(warnings.map(({ object, problem }) => `${object}: ${problem}`)).toEqual([
      `${role}: the serving role has no default for idle_in_transaction_session_timeout`,
      `${role}: the serving role has no default for lock_timeout`,
      `${role}: the serving role has no default for statement_timeout`,
      ...transactionTimeout.map((setting) => `${role}: the serving role has no default for ${setting}`),
      `${role}: the serving role has no connection limit`,
    ])
  })
})
