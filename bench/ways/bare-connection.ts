import { createPool } from '../../src/database/index.ts'
import { assertFound, poolSize, type Way } from './way.ts'

/**
 * The cost of the driver alone: the messages that `db.read` sends, on connections of the same pool, without context, checks,
 * Drizzle and rows as objects. It does not confirm the tenant, so it is only a lower bound.
 */
export const bareConnection: Way = {
  name: 'the same messages on a bare connection (pg)',
  open(url) {
    const pool = createPool({ url, size: poolSize })
    return {
      async transact(tenantId, taskId) {
        const connection = await pool.acquire()
        try {
          const [, , found] = await connection.send([
            { text: 'begin isolation level repeatable read read only', parameters: [] },
            { text: "select set_config('app.current_tenant', $1, true)", parameters: [tenantId] },
            { text: 'select * from tasks where id = $1', parameters: [taskId] },
            { text: 'commit', parameters: [] },
          ])
          assertFound(found?.rows)
        } finally {
          pool.release(connection)
        }
      },
      close: () => pool.close(),
    }
  },
}
