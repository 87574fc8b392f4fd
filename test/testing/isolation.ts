import type { TenantDatabase } from '../../src/database/index.ts'
import {
  expectTenantIsolation,
  IsolationBroken,
  type IsolationMatrix,
  type IsolationOptions,
} from '../../src/testing/index.ts'
import { asOwner, createDatabase, open } from '../database.ts'

/** Probes in silence: the matrix, whether there are holes or not. */
export async function probe(db: TenantDatabase, options: IsolationOptions = {}): Promise<IsolationMatrix> {
  try {
    return await expectTenantIsolation(db, { print: () => {}, ...options })
  } catch (error) {
    if (error instanceof IsolationBroken) return error.matrix
    throw error
  }
}

/** What a database of its own shows beside the demo's tables once a schema was added. */
export async function matrixOf(schema: string, options: IsolationOptions = {}): Promise<IsolationMatrix> {
  const database = await createDatabase()
  await asOwner(database).unsafe(schema)
  return await probe(open(database), { except: ['public.users', 'public.tasks'], ...options })
}

/** The canonical tenant policy's condition. */
export const ofTenant = 'tenant_id = (select tenancy.current_tenant_id())'

/** A table of tenants, walled: `columns` stand behind those that every such table has. */
export const walled = (name: string, columns: string): string => `
  create table ${name} (
    tenant_id uuid not null default tenancy.current_tenant_id(), id uuid not null default tenancy.uuid_v7(),
    ${columns}, primary key (tenant_id, id));
  select tenancy.protect('${name}');`
