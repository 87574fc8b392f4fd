import { describe, expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { loginProblem, readLogin } from '../../../src/cli/logins.ts'
import { createProject, rowhouse } from '../../cli/run.ts'

describe('the role of a login', () => {
  test.each([
    ['postgres://shop_user:x@h/d', 'shop_user'],
    ['postgres://Shop%20%22user%22:x@h/d', 'Shop "user"'],
    ['postgres://web:x@h/d?user=shop_user', 'shop_user'],
    ['postgres://shop_user.abcdefghijklmnopqrst:x@pooler.supabase.example:6543/postgres', 'shop_user'],
    ['postgres://app_user.tenant:x@pooler.example:6543/postgres', 'app_user'],
    ['postgres://web@project.iam:x@h/d'.replace('@project', '%40project'), 'web@project.iam'],
    ['postgres://first.last:x@h/d', 'first.last'],
  ])('of %s is %s', (url, role) => {
    expect(readLogin('DATABASE_URL', url, 'app_user')?.role).toBe(role)
  })
})

test('a file of the URL that is missing is a problem of the login', async () => {
  const url = 'postgres://app_user:s3cret@127.0.0.1:1/d?sslmode=verify-full&sslrootcert=/nowhere/ca.pem'
  const login = { variable: 'DATABASE_URL', url, role: 'app_user', password: 's3cret' }
  const problem = await loginProblem(login)
  expect(problem).toStartWith('DATABASE_URL: ')
  expect(problem).toContain('/nowhere/ca.pem')
  expect(problem).not.toContain('s3cret')
})

describe('with another serving role in DATABASE_URL', () => {
  const env = { DATABASE_URL: 'postgres://shop%20user:s3cret@h/d' }
  const schema = `
    import { pgTable, primaryKey, uuid } from 'drizzle-orm/pg-core'
    export const notes = pgTable('notes', { tenantId: uuid('tenant_id').notNull(), id: uuid().notNull() },
      (table) => [primaryKey({ columns: [table.tenantId, table.id] })])`

  test('rowhouse init prints the next steps for that role', async () => {
    using project = createProject({ 'db/schema/index.ts': schema })
    const { stdout } = await rowhouse(['init'], { cwd: project.folder, env })
    expect(stdout).toContain('creates the role shop user, for the service')
    expect(stdout).toContain('DATABASE_URL=postgres://shop%20user:…@')
    expect(stdout).not.toMatch(/app_user|s3cret/)
  })

  test('rowhouse check applies SQL that names the role', async () => {
    using project = createProject({
      'db/schema/index.ts': schema,
      'drizzle/meta/_journal.json': JSON.stringify({ entries: [{ tag: '0000_notes', when: 1 }] }),
      'drizzle/0000_notes.sql':
        'create table notes (tenant_id uuid not null, id uuid not null, primary key (tenant_id, id))',
      'sql/50-own.sql':
        'create view counted with (security_invoker) as select id from notes; grant select on counted to "shop user"',
    })
    await rowhouse(['init'], { cwd: project.folder, env })
    expect(readFileSync(`${project.folder}/sql/40-protected-tables.sql`, 'utf8')).not.toContain('shop user')
    const { stderr } = await rowhouse(['check'], { cwd: project.folder, env })
    expect(stderr).toBe('')
    expect((await rowhouse(['check'], { cwd: project.folder })).stderr).toContain('role "shop user" does not exist')
  })
})
