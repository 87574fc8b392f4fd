import { owner } from '../database/shared-database.ts'
import { callerOf } from '../idempotency/caller.ts'
import type { Task } from '../service/http/app.ts'

export interface TaskChange {
  change: string
  id: string
  task: Task | null
  at: string
}

/** `meta` of a page of a followed list, and of its changes. */
interface Meta {
  pagination?: { nextCursor: string | null }
  changes?: { next: string; hasMore?: boolean }
}

/** Gives the entries of all tenants their positions, as the worker does. */
export const runWorker = async (): Promise<void> => void (await owner`select tenancy.append_audit_logs(10000)`)

/** A tenant with a user, and what reads its changes. */
export async function newFeed() {
  const caller = callerOf()
  const user = await caller.send('POST', '/users', { body: { email: `${crypto.randomUUID()}@a.example`, name: 'Ada' } })
  const userId = user.data.id
  async function read(path: string) {
    const { status, data, body, error } = await caller.client.get<TaskChange[]>(path)
    return { status, data, error, meta: (body as { meta?: Meta }).meta ?? {} }
  }
  return {
    ...caller,
    userId,
    read,
    createTask: async (title: string) => (await caller.client.post<Task>('/tasks', { title, userId })).data,
    /** A page of the changes. */
    changes: (since?: string, limit = 100) =>
      read(`/tasks/changes?limit=${limit}${since === undefined ? '' : `&since=${encodeURIComponent(since)}`}`),
  }
}

/** A client that reads a list by cursor with two rows a page, then follows its changes, and keeps a copy. */
export function newFollower({ read, changes }: Awaited<ReturnType<typeof newFeed>>) {
  const copy = new Map<string, Task>()
  let cursor: string | null = ''
  let since: string | undefined
  return {
    copy,
    /** Reads one page of the list or of the changes. @returns whether there are more pages now */
    async step(): Promise<boolean> {
      if (cursor !== null) {
        const { data, meta } = await read(`/tasks?limit=2&cursor=${cursor}`)
        for (const task of data as unknown as Task[]) copy.set(task.id, task)
        cursor = meta.pagination?.nextCursor ?? null
        since = meta.changes?.next
        return true
      }
      const { data, meta } = await changes(since, 2)
      for (const { id, task } of data) {
        if (task) copy.set(id, task)
        else copy.delete(id)
      }
      since = meta.changes?.next
      return meta.changes?.hasMore ?? false
    },
  }
}
