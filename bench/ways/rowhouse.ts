import { findTask } from '../../src/features/tasks/repository.ts'
import { createPool, createTenantDatabase, withTenant } from '../../src/tenancy/index.ts'
import { assertFound, poolSize, type Way } from './way.ts'

/** The tenant database and the repository of the service, with all that they promise. */
export const rowhouse: Way = {
  name: 'rowhouse, db.read',
  open(url) {
    const db = createTenantDatabase({ connections: createPool({ url, size: poolSize }) })
    return {
      async transact(tenantId, taskId) {
        const row = await withTenant(tenantId, () => db.read((tx) => findTask(tx, taskId)))
        assertFound(row && [row])
      },
      close: () => db.close(),
    }
  },
}
