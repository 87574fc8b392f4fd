import { tenantIdOf } from '../db/seed-many.ts'
import type { Amount } from './amount.ts'

/** Returns a random task of a random tenant, with the ids of db/seed-many.ts. */
export function randomTask({ tenants, tasks }: Amount): { tenantId: string; taskId: string } {
  const random = (limit: number) => 1 + Math.floor(Math.random() * limit)
  const hex = random(tasks).toString(16).padStart(12, '0')
  return { tenantId: tenantIdOf(random(tenants)), taskId: `5eed0000-0000-7000-8002-${hex}` }
}
