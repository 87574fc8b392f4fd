import { withTenant } from '../../src/context/index.ts'
import { createPool, createTenantDatabase } from '../../src/database/index.ts'
import { findTask } from '../../src/service/features/tasks/repository.ts'
import { assertFound, poolSize, type Way } from './way.ts'

/** The tenant database and the repository of the service, with all guarantees. */
const rowhouse = (how: 'read' | 'readAtOnce'): Way => ({
  name: `rowhouse, db.${how}`,
  open(url) {
    const db = createTenantDatabase({ connections: createPool({ url, size: poolSize }) })
    return {
      async transact(tenantId, taskId) {
        const row = await withTenant(tenantId, () => db[how]((tx) => findTask(tx, taskId)))
        assertFound(row && [row])
      },
      close: () => db.close(),
    }
  },
})

export const rowhouseWays: Way[] = [rowhouse('read'), rowhouse('readAtOnce')]
