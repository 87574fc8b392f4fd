import { randomBytes } from 'node:crypto'
import { createIsolationCheck, type Finding, type IsolationReport } from '../../src/isolation/index.ts'
import { asOwner, createBareDatabase } from '../database.ts'

const left: (() => Promise<unknown>)[] = []

/** Drops the roles of all plain databases: call it in `afterAll`. */
export async function dropPlainRoles(): Promise<void> {
  for (const leave of left.splice(0)) await leave()
}

/**
 * A database as PostgreSQL's users set one up without Rowhouse: sound policies on `org_id`, ids that are keys alone, privileges for whole
 * tables. `app.org` holds the tenant.
 */
export async function plainDatabase() {
  const role = `plain_${randomBytes(6).toString('hex')}`
  const database = await createBareDatabase()
  const owner = asOwner(database)
  left.push(() => owner.unsafe(`drop owned by ${role} cascade; drop role ${role}`))
  await owner.unsafe(`
    create role ${role} login password 'x';
    ${plainTable('customers', 'name text', role)}
    ${plainTable('invoices', 'number serial, customer_id uuid references customers on delete cascade', role)}
    grant usage on all sequences in schema public to ${role};`)
  const url = Object.assign(new URL(database.ownerUrl), { username: role, password: 'x' }).href

  async function report(shared: string[] = []): Promise<IsolationReport> {
    const isolation = createIsolationCheck({ url, tenantColumn: 'org_id', shared })
    return await isolation.report().finally(() => isolation.close())
  }
  return {
    role,
    owner,
    url,
    report,
    /** The findings of some level or check. */
    async find(matches: (finding: Finding) => boolean): Promise<string[]> {
      const { findings } = await report()
      return findings.filter(matches).map(({ level, check, object }) => `${level} ${check} ${object}`)
    },
  }
}

export const tenantIs = "org_id = current_setting('app.org')::uuid"

/** A table as users of PostgreSQL write it. */
export const plainTable = (name: string, columns: string, role: string, policy = tenantIs): string => `
  create table ${name} (id uuid primary key default gen_random_uuid(), org_id uuid not null, created_at timestamptz default now(), ${columns});
  alter table ${name} enable row level security;
  create policy org on ${name} using (${policy});
  grant select, insert, update, delete on ${name} to ${role};`

export const isError = ({ level }: Finding): boolean => level === 'error'
