/** The tenants of a database, and the tasks of each tenant. */
export interface Amount {
  tenants: number
  tasks: number
  /** The tasks of the first tenant, if it has more than the others. */
  tasksOfFirst?: number
}
