import { createPool } from '../../src/database/index.ts'
import { assertFound, poolSize, type Way } from './way.ts'

const setTenant = `select pg_catalog.set_config('app.current_tenant', $1, true),
  pg_catalog.set_config('transaction_read_only', 'on', true)`

const selectTask = 'select * from tasks where id = $1'

/**
 * The cost of the driver alone: the message that `db.read` sends for one query, on connections of the same pool and side by side with
 * others, without context, checks, Drizzle and rows as objects. It does not confirm the tenant, so it is only a lower bound.
 */
export const bareConnection: Way = {
  name: 'the same messages on a bare connection',
  open(url) {
    const pool = createPool({ url, size: poolSize })
    return {
      async transact(tenantId, taskId) {
        const reply = await pool.sendWhole?.({
          holder: tenantId,
          text: selectTask,
          isWrite: false,
          isConfirmed: () => true,
          statements: () => [
            { text: setTenant, parameters: [tenantId] },
            { text: selectTask, parameters: [taskId] },
          ],
        })
        assertFound(reply?.results[1]?.rows)
      },
      close: () => pool.close(),
    }
  },
}
