import { owner } from '../database/shared-database.ts'

/** The rows of a tenant in the trash, as the owner reads them. */
export async function trashOf(tenant: string) {
  const rows = await owner`
    select resource, target_id, reference, batch from tenancy.trash where tenant_id = ${tenant} order by resource, target_id`
  return rows.map(({ resource, target_id: id, reference, batch }) => ({ resource, id, reference, batch }))
}

/** What the audit trail says of a row, the oldest first. */
export async function actionsOn(tenant: string, target: string): Promise<string[]> {
  const rows = await owner`
    select action from tenancy.audit_trail where tenant_id = ${tenant} and target_id = ${target} order by at, id`
  return rows.map(({ action }) => String(action))
}
