import { tasks } from '../../db/schema/tasks.ts'
import { users } from '../../db/schema/users.ts'
import type { TenantId } from '../../src/context/index.ts'
import {
  createPool,
  createTenantDatabase,
  createTenantSigner,
  type TenantDatabase,
  type TenantSigner,
} from '../../src/database/index.ts'
import { migrate } from '../../src/migrate/index.ts'
import { closeAfterwards, createDatabase, type TestDatabase } from '../database.ts'
import { newTenant, project, tenantIds, withTenant } from '../tenants.ts'

export const secret = 'the secret of this test, which has 40 ch'
export const expired = createTenantSigner(secret, () => Date.now() - 120_000)
export const wrong = createTenantSigner('another secret, which has 40 characters.')

function openDatabase(database: TestDatabase, signer?: TenantSigner): TenantDatabase {
  // One connection, so that settings that stay on it would affect the next request.
  const db = createTenantDatabase({ connections: createPool({ url: database.appUrl, size: 1 }), signer, ...tenantIds })
  closeAfterwards(db)
  return db
}

/** Opens a new database that accepts only signed tenants. */
export async function openSignedDatabase(): Promise<{ db: TenantDatabase; database: TestDatabase }> {
  const database = await createDatabase()
  await migrate({ ...project, url: database.ownerUrl, signingSecrets: [secret] })
  return { db: openDatabase(database, createTenantSigner(secret)), database }
}

export const openSigned = async (): Promise<TenantDatabase> => (await openSignedDatabase()).db

/** Opens a new database that accepts plain tenants. */
export const openUnsigned = async (): Promise<TenantDatabase> => openDatabase(await createDatabase())

/** Creates a tenant with a task whose title is unique. */
export async function createTenant(db: TenantDatabase) {
  const id = newTenant() as TenantId // newTenant() returns canonical ids
  const mark = `mark${crypto.randomUUID().replaceAll('-', '')}`
  await withTenant(id, () =>
    db.write(async (tx) => {
      const [user] = await tx.insert(users).values({ email: 'a@b.example', name: 'Ada' }).returning()
      await tx.insert(tasks).values({ title: mark, userId: user?.id ?? '' })
    }),
  )
  return { id, mark }
}

export const descriptionsOf = (db: TenantDatabase, id: string) =>
  withTenant(id, () => db.read((tx) => tx.select({ description: tasks.description }).from(tasks)))
