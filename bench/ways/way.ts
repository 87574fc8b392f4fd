/** An implementation of the tenant transaction: begin, set the tenant, select a task by its key, commit. */
export interface Way {
  name: string
  /** Opens up to ten connections. */
  open(url: string): OpenWay
}

export interface OpenWay {
  /** Runs one transaction. Throws when it finds no task. */
  transact(tenantId: string, taskId: string): Promise<void>
  close(): Promise<void>
}

/** The number of connections of each way. */
export const poolSize = 10

export function assertFound(rows: readonly unknown[] | undefined): void {
  if (rows?.length !== 1) throw new Error('The task was not found')
}
