import { sql } from 'drizzle-orm'
import { resumeTenant, type TenantIdType } from '../../src/context/index.ts'
import { tenantIdsOf } from '../../src/context/internal.ts'
import { causesOf } from '../../src/errors/index.ts'
import { asOwner, createBareDatabase } from '../database.ts'
import { migrateTo, openAs } from '../tenant-ids/open-database.ts'

const sqlTypes = { uuid: 'uuid', text: 'text collate "C"', bigint: 'bigint' }

const tables = (type: TenantIdType) => {
  const tenant = `tenant_id ${sqlTypes[type]} not null default tenancy.current_tenant_id()`
  return `
create schema if not exists billing;
create schema if not exists "Odd Schema";
create table if not exists parents (${tenant}, id int not null, name text, code text, updated_at timestamptz(3) not null default now(),
  primary key (tenant_id, id), unique (tenant_id, code));
create table if not exists children (${tenant}, id int not null, parent int, name text, primary key (tenant_id, id),
  foreign key (tenant_id, parent) references parents (tenant_id, id) on delete cascade);
create table if not exists notes (${tenant}, id int not null, parent int, name text, primary key (tenant_id, id),
  foreign key (tenant_id, parent) references parents (tenant_id, id) on delete set null (parent));
create table if not exists orders (${tenant}, id int not null, parent int, primary key (tenant_id, id),
  foreign key (tenant_id, parent) references parents (tenant_id, id));
create table if not exists knots (${tenant}, id int not null, other int, primary key (tenant_id, id),
  foreign key (tenant_id, other) references knots (tenant_id, id) deferrable initially deferred);
create table if not exists lines (${tenant}, invoice text not null, place int not null, name text, primary key (tenant_id, invoice, place));
create table if not exists odd (${tenant}, id int not null, doc json, docb jsonb, tags text[], amount numeric, at timestamptz, flag boolean,
  zero float8, raw bytea, twice numeric generated always as (amount * 2) stored, primary key (tenant_id, id));
create table if not exists plain (${tenant}, id int not null, name text, gone text, primary key (tenant_id, id));
create table if not exists people (${tenant}, id int not null, email text, name text, primary key (tenant_id, id));
create table if not exists billing.invoices (${tenant}, id int not null, name text, primary key (tenant_id, id));
create table if not exists "Odd Schema"."My Table" (${tenant}, "The Id" text not null, "A and B" text, primary key (tenant_id, "The Id"));
${[
  'parents',
  'children',
  'notes',
  'orders',
  'knots',
  'lines',
  'odd',
  'plain',
  'people',
  'billing.invoices',
  '"Odd Schema"."My Table"',
]
  .map(
    (name) => `select tenancy.protect('${name.includes('.') ? name : `public.${name}`}');
select tenancy.audit('${name.includes('.') ? name : `public.${name}`}'${name === 'people' ? ", redact => '{email}'" : ''});
${name === 'plain' ? '' : `select tenancy.trash('${name.includes('.') ? name : `public.${name}`}');`}`,
  )
  .join('\n')}`
}

/** A database of audited tables whose tenant ids have a type. */
export async function openUndoDatabase(type: TenantIdType) {
  const database = await createBareDatabase()
  await migrateTo(database, type, { text: tables(type) })
  const db = openAs(database, { tenantId: type })
  const owner = asOwner(database)
  const ids = tenantIdsOf(type)

  return {
    db,
    owner,
    /** What a new tenant does. */
    newTenant() {
      const tenant = ids.random()
      return tenantOf(tenant)
    },
  }

  function tenantOf(tenant: string) {
    const asRequest = <T>(requestId: string, work: () => Promise<T>): Promise<T> =>
      resumeTenant({ tenant: { id: tenant, actor: 'ada', requestId }, payload: null }, work, { tenantId: type })
    return {
      tenant,
      /** Runs statements as one transaction of a new request, and returns its id. */
      async request(...statements: string[]): Promise<string> {
        const requestId = crypto.randomUUID()
        await this.again(requestId, ...statements)
        return requestId
      },
      /** Runs statements as one more transaction of a request. */
      again: (requestId: string, ...statements: string[]) =>
        asRequest(requestId, () =>
          db.write(async (tx) => {
            for (const one of statements) await tx.execute(sql.raw(one))
          }),
        ),
      /** Undoes a request as another one, and returns its id and its changes. */
      async undo(requestId: string, every = false) {
        const own = crypto.randomUUID()
        const rows = await asRequest(own, () =>
          db.write(async (tx) => [
            ...(await tx.execute(sql`select * from tenancy.undo_request(${requestId}, ${every})`)),
          ]),
        )
        return { requestId: own, changes: rows.map(({ resource, id, action }) => `${action} ${resource} ${id}`) }
      },
      /** The SQLSTATE of an undo that fails, or what stands in the way. */
      async refusal(requestId: string, every = false): Promise<unknown> {
        const error = await this.undo(requestId, every).then(
          () => undefined,
          (error: unknown) => causesOf(error).find((cause) => 'severity' in cause),
        )
        const { code, detail = '' } = (error ?? {}) as { code?: string; detail?: string } // as pg-protocol parses it
        if (code !== 'RH024') return code
        return JSON.parse(detail).map((one: Record<string, unknown>) => `${one.code} ${one.resource} ${one.id}`)
      },
      /** All rows of all tables, as text. */
      rows: async (): Promise<Record<string, unknown>[]> => {
        const all = await asRequest('read', () =>
          db.read(async (tx) => {
            const found: Record<string, unknown>[] = []
            for (const table of tableNames)
              for (const row of await tx.execute(
                sql.raw(`select '${table}' as "table", t::text as row from ${table} t order by 2`),
              ))
                found.push(row)
            return found
          }),
        )
        return all
      },
    }
  }
}

const tableNames = [
  'parents',
  'children',
  'notes',
  'orders',
  'knots',
  'lines',
  'odd',
  'plain',
  'people',
  'billing.invoices',
  '"Odd Schema"."My Table"',
]
