import postgres from 'postgres'
import { assertFound, poolSize, type Way } from './way.ts'

/**
 * The least that postgres.js can do for this transaction: all four statements prepared and written at once. Nothing is
 * confirmed, guarded or cleaned up here, so this is a yardstick and no way to work.
 */
export const pipelined: Way = {
  name: 'postgres.js, four statements at once',
  open(url) {
    const sql = postgres(url, { max: poolSize })
    return {
      async transact(tenantId, taskId) {
        const connection = await sql.reserve()
        try {
          const [, , rows] = await Promise.all([
            connection`begin isolation level repeatable read read only`,
            connection`select set_config('app.current_tenant', ${tenantId}, true)`,
            connection`select * from tasks where id = ${taskId}`,
            connection`commit`,
          ])
          assertFound(rows)
        } finally {
          connection.release()
        }
      },
      close: () => sql.end(),
    }
  },
}
