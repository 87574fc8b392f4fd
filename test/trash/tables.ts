import { z } from '@hono/zod-openapi'
import * as pg from 'drizzle-orm/pg-core'
import { type TenantEnv, tenantColumns } from '../../src/context/index.ts'
import type { TenantTx } from '../../src/database/index.ts'
import { ok } from '../../src/envelope/index.ts'
import { cursors } from '../../src/lists/index.ts'
import { createRouter } from '../../src/openapi/index.ts'
import { trashPages } from '../../src/trash/index.ts'
import { asOwner, createDatabase, open } from '../database.ts'
import { appOf } from '../idempotency/kit-app.ts'
import { newTenant, tenantColumnType, tenantIds, withTenant } from '../tenants.ts'

// A database with a table of each kind that a row comes back to.

export const database = await createDatabase()
export const owner = asOwner(database)
export const db = open(database)

const tenantId = () => tenantColumns(tenantIds).tenantId
const inSql = `tenant_id ${tenantColumnType} not null default tenancy.current_tenant_id()`

/** Folders in folders, with files that fall with them, and pins that stay. */
export const folders = pg.pgTable(
  'folders',
  { tenantId: tenantId(), id: pg.text('id'), parent: pg.text('parent') },
  (t) => [pg.primaryKey({ columns: [t.tenantId, t.id] })],
)
/** A key of two columns, one of them a number that PostgreSQL gives. */
export const files = pg.pgTable(
  'files',
  {
    tenantId: tenantId(),
    folder: pg.text('folder').notNull(),
    number: pg.bigint('number', { mode: 'bigint' }).generatedAlwaysAsIdentity(),
    name: pg.text('name').notNull(),
    size: pg.integer('size').notNull(),
    doubled: pg.integer('doubled').generatedAlwaysAs((): never => undefined as never),
  },
  (t) => [pg.primaryKey({ columns: [t.tenantId, t.folder, t.number] })],
)
export const pins = pg.pgTable(
  'pins',
  { tenantId: tenantId(), id: pg.integer('id').notNull(), folder: pg.text('folder'), note: pg.text('note') },
  (t) => [pg.primaryKey({ columns: [t.tenantId, t.id] })],
)

await owner.unsafe(`
  create table folders (${inSql}, id text not null, parent text, primary key (tenant_id, id),
    constraint folders_parent_fkey foreign key (tenant_id, parent) references folders on delete cascade);
  create table files (${inSql}, folder text not null, number bigint not null generated always as identity, name text not null,
    size integer not null, doubled integer generated always as (size * 2) stored, primary key (tenant_id, folder, number),
    constraint files_folder_fkey foreign key (tenant_id, folder) references folders on delete cascade);
  create table pins (${inSql}, id integer not null, folder text, note text, primary key (tenant_id, id),
    constraint pins_folder_fkey foreign key (tenant_id, folder) references folders on delete set null (folder));
  select tenancy.protect(one), tenancy.audit(one), tenancy.trash(one)
  from unnest(array['public.folders', 'public.files', 'public.pins']::regclass[]) as one`)

/** A tenant, and its transactions. */
export function newKitTenant() {
  const tenant = newTenant()
  return {
    tenant,
    write: <T>(work: (tx: TenantTx) => PromiseLike<T>): Promise<T> => withTenant(tenant, () => db.write(work)),
    /** The rows of a table, as the owner sees them: all values as their text. */
    rows: async (table: string) => {
      const found = await owner.unsafe(
        `select to_jsonb(t) - 'tenant_id' as row from ${table} t where tenant_id = $1 order by t`,
        [tenant],
      )
      return found.map(({ row }) => row)
    },
    /** What is in the trash: a reference has its name. */
    trash: async () => {
      const found = await owner`
        select resource, target_id, reference from tenancy.trash where tenant_id = ${tenant} order by resource, target_id`
      return found.map(({ resource, target_id, reference }) =>
        [resource, target_id, reference].filter(Boolean).join(' '),
      )
    },
  }
}

/** Reads the trash of a table, newest first, by number and by cursor. */
export async function listDeleted(table: pg.PgTable, sort: string, tenant: string): Promise<Record<string, unknown>[]> {
  const list = trashPages(table as never, { sort: [sort] as never, default: sort })
  let rows: Record<string, unknown>[] = []
  const routes = createRouter<TenantEnv>()
  routes.use(cursors({ secret: 'the secret of the tests of the trash' }))
  routes.get('/rows', async (c) => {
    const query = list.query.parse(c.req.query()) as never // it is a schema of a query string
    const page = await db.read((tx) => list.page(c, tx, query))
    rows = page.rows
    return ok(c, rows.length)
  })
  const client = appOf(routes).client.as(tenant)
  const byNumber = await client.get('/rows?deleted=only')
  const found = rows
  const byCursor = await client.get('/rows?deleted=only&cursor=')
  z.tuple([z.literal(200), z.literal(200)]).parse([byNumber.status, byCursor.status])
  z.literal(true).parse(Bun.deepEquals(found, rows))
  return found
}
