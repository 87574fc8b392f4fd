import postgres from 'postgres'
import { assertFound, poolSize, type Way } from './way.ts'

/** What an expert writes with postgres.js, and what the floor of the benchmark does: prepared statements, each awaited. */
export const awaitedBegin: Way = {
  name: 'postgres.js, sql.begin, each awaited',
  open(url) {
    const sql = postgres(url, { max: poolSize })
    return {
      async transact(tenantId, taskId) {
        const rows = await sql.begin(async (tx) => {
          await tx`select set_config('app.current_tenant', ${tenantId}, true)`
          return await tx`select * from tasks where id = ${taskId}`
        })
        assertFound(rows)
      },
      close: () => sql.end(),
    }
  },
}

/** The same with the driver's own pipelining between BEGIN and COMMIT. */
export const arrayBegin: Way = {
  name: 'postgres.js, sql.begin with an array',
  open(url) {
    const sql = postgres(url, { max: poolSize })
    return {
      async transact(tenantId, taskId) {
        const [, rows] = await sql.begin((tx) => [
          tx`select set_config('app.current_tenant', ${tenantId}, true)`,
          tx`select * from tasks where id = ${taskId}`,
        ])
        assertFound(rows)
      },
      close: () => sql.end(),
    }
  },
}
