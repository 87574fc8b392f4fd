import { eq, sql } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/postgres-js'
import postgres from 'postgres'
import { tasks } from '../../db/schema/tasks.ts'
import { assertFound, poolSize, type Way } from './way.ts'

/** The code of Drizzle's documentation. Its statements are unnamed, so each is described before it runs. */
export const stockDrizzle: Way = {
  name: 'Drizzle over postgres.js, as it comes',
  open(url) {
    const client = postgres(url, { max: poolSize })
    const db = drizzle(client)
    return {
      async transact(tenantId, taskId) {
        const rows = await db.transaction(async (tx) => {
          await tx.execute(sql`select set_config('app.current_tenant', ${tenantId}, true)`)
          return await tx.select().from(tasks).where(eq(tasks.id, taskId))
        })
        assertFound(rows)
      },
      close: () => client.end(),
    }
  },
}
