import { withTenant } from '../../src/context/index.ts'
import { createPool, createTenantDatabase, type TenantTx } from '../../src/database/index.ts'
import { findTask } from '../../src/service/features/tasks/repository.ts'
import { assertFound, poolSize, type Way } from './way.ts'

type Task = Awaited<ReturnType<typeof findTask>>

/** The tenant database and the repository of the service, with all guarantees. */
const rowhouse = (name: string, work: (tx: TenantTx, taskId: string) => PromiseLike<Task>): Way => ({
  name: `rowhouse, ${name}`,
  open(url) {
    const db = createTenantDatabase({ connections: createPool({ url, size: poolSize }) })
    return {
      async transact(tenantId, taskId) {
        const row = await withTenant(tenantId, () => db.read((tx) => work(tx, taskId)))
        assertFound(row && [row])
      },
      close: () => db.close(),
    }
  },
})

export const rowhouseWays: Way[] = [
  rowhouse('the work awaits its query', async (tx, taskId) => await findTask(tx, taskId)),
  rowhouse('the work returns its query', findTask),
]
