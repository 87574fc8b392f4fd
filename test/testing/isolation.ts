import type { TenantDatabase } from '../../src/database/index.ts'
import {
  expectTenantIsolation,
  type IsolationMatrix,
  TenantIsolationError,
  type TenantIsolationOptions,
} from '../../src/testing/index.ts'
import { asOwner, createDatabase, open } from '../database.ts'
import { tenantColumnType } from '../tenants.ts'

/** The matrix of a database, with or without violations, without printing it. */
export async function probe(db: TenantDatabase, options: TenantIsolationOptions = {}): Promise<IsolationMatrix> {
  try {
    return await expectTenantIsolation(db, { print: () => {}, ...options })
  } catch (error) {
    if (error instanceof TenantIsolationError) return error.matrix
    throw error
  }
}

/** The matrix of a new database with another schema, without the service's own tables. */
export async function matrixOf(schema: string, options: TenantIsolationOptions = {}): Promise<IsolationMatrix> {
  const database = await createDatabase()
  await asOwner(database).unsafe(schema)
  return await probe(open(database), { except: ['public.users', 'public.tasks'], ...options })
}

/** The condition of the policies that tenancy.protect() creates. */
export const ofTenant = 'tenant_id = (select tenancy.current_tenant_id())'

/** A protected table with these columns after the required ones. */
export const protectedTable = (name: string, columns: string): string => `
  create table ${name} (
    tenant_id ${tenantColumnType} not null default tenancy.current_tenant_id(), id uuid not null default tenancy.uuid_v7(),
    ${columns}, primary key (tenant_id, id));
  select tenancy.protect('${name}');`
