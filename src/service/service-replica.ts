import { randomBytes } from 'node:crypto'
import { shared } from '../../db/schema/shared.ts'
import { createPool, createReplica, type Replica, type TenantSigner } from '../database/index.ts'
import { ApiError, ConfigError, causesOf, findDatabaseError } from '../errors/index.ts'
import { assertRowSecurity, createIsolationCheck } from '../isolation/index.ts'
import type { Config } from './config/config.ts'
import type { Logger } from './middleware/access-log.ts'
import { describeStartProblem } from './start-problem.ts'

/** The replica of `DATABASE_REPLICA_URL`, under the same walls as the primary. */
export interface ServiceReplica extends Replica {
  /**
   * Looks at it for the first time. One that cannot be reached is used once it can: the primary serves meanwhile.
   *
   * @throws ConfigError when its walls have a hole, or it does not let us in
   */
  start(): Promise<void>
  /** Ends the check of its walls; the connections end with the tenant database. */
  end(): Promise<void>
}

// What no waiting mends: the wrong user or password, and the wrong database (PostgreSQL, Appendix A).
const refused = /^(28|3D)/
const connectTimeoutMs = 1000

export function createServiceReplica(config: Config, log: Logger, signer?: TenantSigner): ServiceReplica | undefined {
  const { DATABASE_REPLICA_URL: url, DATABASE_POOL_SIZE: size, REQUEST_TIMEOUT_MS: answerTimeoutMs } = config
  if (url === undefined) return undefined
  const isolation = createIsolationCheck({ url, shared, signer: signer ?? 'none', connectTimeoutMs })
  const replica = createReplica({
    connections: createPool({ url, size, connectTimeoutMs, answerTimeoutMs }),
    check: async () => assertRowSecurity(await isolation.inspect()),
    secret: config.BOOKMARK_SECRET ?? randomBytes(32).toString('hex'),
    onChange: (isUsed, error) =>
      isUsed ? log.info({}, 'the replica is used') : log.warn({ reason: reasonOf(error) }, 'the replica is not used'),
  })
  return {
    ...replica,
    async start() {
      try {
        await replica.check()
      } catch (error) {
        const isOut = error instanceof ApiError && !refused.test(findDatabaseError(error)?.sqlstate ?? '')
        if (!isOut) throw new ConfigError(`DATABASE_REPLICA_URL: ${describeStartProblem(error)}`, { cause: error })
      }
    },
    end: () => isolation.close(),
  }
}

/** The code of the first cause that has one; never a message, which can hold values. */
function reasonOf(error: unknown): string {
  let name = ''
  for (const at of causesOf(error)) {
    if ('code' in at && !(at instanceof ApiError)) return String(at.code)
    name = at.name
  }
  return name
}
