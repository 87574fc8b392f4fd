import { afterAll } from 'bun:test'
import { randomBytes } from 'node:crypto'
import postgres from 'postgres'
import { migrate } from '../../src/migrate/index.ts'
import { createBareDatabase, main } from '../database.ts'
import { newTenant, project, tenantColumnType } from '../tenants.ts'

/** A database with the URL of its owner, and a client of a superuser. */
export interface OwnedDatabase {
  url: string
  sql: postgres.Sql
}

/** Managed servers have owners that are no superuser. The deep suite tries the migrations as a superuser too. */
export const kindsOfOwners: readonly KindOfOwner[] = process.env.DEEP
  ? ['a superuser', 'no superuser']
  : ['no superuser']
export type KindOfOwner = 'a superuser' | 'no superuser'

/** Creates databases for the tests of a file, on the shared server. They are dropped with their owner after the tests. */
export function createOwnedDatabases() {
  const clients: postgres.Sql[] = []
  const landlord = `landlord_${randomBytes(4).toString('hex')}`
  const databases: string[] = []
  const connect = (url: string) => {
    const sql = postgres(url, { max: 1, onnotice: () => {} })
    clients.push(sql)
    return sql
  }
  const superuser = connect(main.ownerUrl)

  afterAll(async () => {
    for (const name of databases) await superuser.unsafe(`drop database ${name} with (force)`)
    if (databases.length > 0) await superuser.unsafe(`drop role ${landlord}`)
    await Promise.all(clients.map((client) => client.end()))
  })

  async function createEmpty(owner: KindOfOwner): Promise<OwnedDatabase> {
    const { ownerUrl } = await createBareDatabase()
    const sql = connect(ownerUrl)
    if (owner === 'a superuser') return { url: ownerUrl, sql }
    const name = new URL(ownerUrl).pathname.slice(1)
    if (databases.push(name) === 1) await superuser.unsafe(`create role ${landlord} login createrole password 'x'`)
    await superuser.unsafe(`alter database ${name} owner to ${landlord}`)
    await sql.unsafe(`alter schema public owner to ${landlord}`) // up to PostgreSQL 14, it would belong to the superuser
    return { url: Object.assign(new URL(ownerUrl), { username: landlord, password: 'x' }).href, sql }
  }

  async function createMigrated(owner: KindOfOwner): Promise<OwnedDatabase> {
    const database = await createEmpty(owner)
    await migrate({ ...project, url: database.url })
    return database
  }

  /** The URL of the same database as a superuser. */
  const asSuperuser = (url: string) => Object.assign(new URL(main.ownerUrl), { pathname: new URL(url).pathname }).href

  return { createEmpty, createMigrated, asSuperuser }
}

/** Two tenants with a row each in the table `notes` of a migrated database, for migrations that come after it. */
export const notesMigration = `create table notes (
  tenant_id ${tenantColumnType} not null default tenancy.current_tenant_id(), id int not null, kind text, primary key (tenant_id, id))`
export const protectNotes = `\n--> statement-breakpoint\nselect tenancy.protect('public.notes')`
export const insertNotes = (sql: postgres.Sql) =>
  sql`insert into notes values (${newTenant()}, 1, 'new'), (${newTenant()}, 2, 'new')`

/** The error of a promise that must fail. */
export async function failureOf(promise: Promise<unknown>): Promise<Error> {
  const error = await promise.then(
    () => new Error('The promise did not reject'),
    (reason: unknown) => reason,
  )
  return error instanceof Error ? error : new Error(String(error))
}
