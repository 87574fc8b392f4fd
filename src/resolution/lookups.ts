import { requestsCanShareWork } from '../context/internal.ts'
import { unavailable } from '../errors/index.ts'

/** The most lookups of unknown tenants that wait at the same time: for all callers, and for one actor. */
const waitingMax = 1000
const waitingMaxOfActor = 100
/** How long other requests join a lookup, in milliseconds. After it a lookup may hang, so the next request begins its own. */
const joinedMs = 1000

interface Lookup<T> {
  readonly answer: Promise<T>
  readonly startedAt: number
}

/** Whose lookup it is. `known`: of a tenant that was found before, which no flood of unknown ones may delay. */
export type Asker = 'known' | { readonly actor: string | undefined }

/**
 * Runs the lookups of a tenant directory. Requests for one selector at the same time share a lookup. Those of unknown tenants
 * are bounded, so that a new tenant does not wait behind thousands of them.
 *
 * `find` throws ApiError SERVICE_UNAVAILABLE when too many are waiting.
 *
 * @param now the clock, in milliseconds
 */
export function createLookups<T>(lookUp: (selector: string) => Promise<T>, now: () => number) {
  const running = new Map<string, Lookup<T>>()
  const waitingOfActor = new Map<string, number>()
  let waiting = 0

  function count(actor: string | undefined, change: 1 | -1): void {
    waiting += change
    if (actor === undefined) return
    const ofActor = (waitingOfActor.get(actor) ?? 0) + change
    if (ofActor > 0) waitingOfActor.set(actor, ofActor)
    else waitingOfActor.delete(actor)
  }

  async function lookUpBounded(selector: string, actor: string | undefined): Promise<T> {
    const ofActor = actor === undefined ? 0 : (waitingOfActor.get(actor) ?? 0)
    if (waiting >= waitingMax || ofActor >= waitingMaxOfActor)
      throw unavailable(new Error('Too many lookups of unknown tenants are waiting'))
    count(actor, 1)
    try {
      return await lookUp(selector)
    } finally {
      count(actor, -1)
    }
  }

  async function run(selector: string, asker: Asker): Promise<T> {
    const startedAt = now()
    const answer = asker === 'known' ? lookUp(selector) : lookUpBounded(selector, asker.actor)
    const lookup = { answer, startedAt }
    running.set(selector, lookup)
    try {
      return await answer
    } finally {
      if (running.get(selector) === lookup) running.delete(selector)
    }
  }

  return async function find(selector: string, asker: Asker): Promise<T> {
    // There each lookup has a connection of its own. A count would grow for ever: a request that is dropped has no end.
    if (!requestsCanShareWork()) return await lookUp(selector)
    const shared = running.get(selector)
    if (shared && now() >= shared.startedAt && now() - shared.startedAt < joinedMs) return await shared.answer
    return await run(selector, asker)
  }
}
