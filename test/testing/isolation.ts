import type { TenantDatabase } from '../../src/tenancy/index.ts'
import { expectTenantIsolation, IsolationBroken, type IsolationOptions } from '../../src/testing/index.ts'

/** Probes in silence: the holes that were found, none where tenants are kept apart. */
export async function holesOf(db: TenantDatabase, options: IsolationOptions = {}): Promise<string[]> {
  try {
    return (await expectTenantIsolation(db, { print: () => {}, ...options })).holes
  } catch (error) {
    if (error instanceof IsolationBroken) return error.matrix.holes
    throw error
  }
}

/** The canonical tenant policy's condition. */
export const ofTenant = 'tenant_id = (select tenancy.current_tenant_id())'

/** A table of tenants, walled: `columns` stand behind those that every such table has. */
export const walled = (name: string, columns: string): string => `
  create table ${name} (
    tenant_id uuid not null default tenancy.current_tenant_id(), id uuid not null default tenancy.uuid_v7(),
    ${columns}, primary key (tenant_id, id));
  select tenancy.protect('${name}');`
