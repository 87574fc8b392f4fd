import postgres from 'postgres'
import { assertFound, poolSize, type Way } from './way.ts'

/**
 * The lower bound of postgres.js: all four statements of the transaction prepared and written at once. It confirms, checks
 * and cleans up nothing.
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
