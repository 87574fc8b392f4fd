import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { foreignKey, pgTable, primaryKey, text, uuid } from 'drizzle-orm/pg-core'
import { type TenantIdType, tenantColumns, withTenant } from '../../src/context/index.ts'
import { createPool, createTenantDatabase, type TenantDatabaseOptions } from '../../src/database/index.ts'
import { type MigrateOptions, migrate, shippedFiles } from '../../src/migrate/index.ts'
import { closeAfterwards, createBareDatabase, type TestDatabase } from '../database.ts'

/** The tables of these tests, with ids of a type. */
export function tablesOf(tenantId: TenantIdType) {
  const folders = pgTable('folders', { ...tenantColumns({ tenantId }), name: text('name').notNull() }, (t) => [
    primaryKey({ columns: [t.tenantId, t.id] }),
  ]).enableRLS()
  const notes = pgTable(
    'notes',
    { ...tenantColumns({ tenantId }), folderId: uuid('folder_id'), text: text('text').notNull() },
    (t) => [
      primaryKey({ columns: [t.tenantId, t.id] }),
      foreignKey({ columns: [t.tenantId, t.folderId], foreignColumns: [folders.tenantId, folders.id] }),
    ],
  ).enableRLS()
  return { folders, notes }
}

const sqlTypes = { uuid: 'uuid', text: 'text collate "C"', bigint: 'bigint' }
const columns = (type: TenantIdType) => `tenant_id ${sqlTypes[type]} not null default tenancy.current_tenant_id(),
  id uuid not null default tenancy.uuid_v7(), created_at timestamptz(3) not null default now(), updated_at timestamptz(3) not null default now()`
const tables = (type: TenantIdType) => `
create table if not exists folders (${columns(type)}, name text not null, primary key (tenant_id, id));
create table if not exists notes (${columns(type)}, folder_id uuid, text text not null, primary key (tenant_id, id),
  foreign key (tenant_id, folder_id) references folders (tenant_id, id));
select tenancy.protect('public.folders');
select tenancy.protect('public.notes');`

const root = fileURLToPath(new URL('../..', import.meta.url))

/** Migrates a database whose tenant ids have a type. */
export async function migrateTo(
  database: TestDatabase,
  type: TenantIdType,
  { text = tables(type), ...options }: Partial<MigrateOptions> & { text?: string } = {},
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'rowhouse-ids-'))
  try {
    for (const name of shippedFiles) await cp(join(root, 'sql', name), join(folder, name))
    await writeFile(join(folder, '40-tables.sql'), text)
    const none = join(folder, 'no-migrations')
    await migrate({ url: database.ownerUrl, sql: folder, migrations: none, tenantId: type, ...options })
  } finally {
    await rm(folder, { recursive: true })
  }
}

/** Opens a tenant database whose connections are closed when the tests have run. */
export function openAs(database: TestDatabase, options: Partial<TenantDatabaseOptions>) {
  const db = createTenantDatabase({ connections: createPool({ url: database.appUrl, size: 2 }), ...options })
  closeAfterwards(db)
  return db
}

/** A new database whose tenant ids have a type, and what tests do with it. */
export async function openDatabaseOf(type: TenantIdType, options: Partial<MigrateOptions> = {}) {
  const database = await createBareDatabase()
  await migrateTo(database, type, options)
  const db = openAs(database, { tenantId: type })
  const { notes, folders } = tablesOf(type)
  const as = <T>(tenant: string, work: () => T): T => withTenant(tenant, work, { tenantId: type })
  return {
    database,
    db,
    notes,
    folders,
    as,
    addNote: (tenant: string, text: string) => as(tenant, () => db.write((tx) => tx.insert(notes).values({ text }))),
    /** The texts and tenants of the notes that a tenant sees. */
    notesOf: (tenant: string) =>
      as(tenant, () => db.read((tx) => tx.select({ tenantId: notes.tenantId, text: notes.text }).from(notes))),
  }
}
