import { shared } from '../../db/schema/shared.ts'
import type { Logger } from '../context/index.ts'
import { createPool, createReplica, type Replica, type TenantSigner } from '../database/index.ts'
import { ApiError, ConfigError, causesOf, findDatabaseError } from '../errors/index.ts'
import { assertRowSecurity, createIsolationCheck } from '../isolation/index.ts'
import type { Config } from './config/config.ts'
import { currentPassword } from './current-password.ts'
import { describeStartProblem } from './start-problem.ts'

/** The replica of `DATABASE_REPLICA_URL`. It serves reads only while it passes the same isolation check as the primary. */
export interface CheckedReplica extends Replica {
  /**
   * Checks the replica for the first time. An unreachable replica is no failure: the primary serves until it answers.
   *
   * @throws ConfigError when the replica fails the isolation check or refuses the login
   */
  start(): Promise<void>
  /** Closes the connections of the isolation check. The tenant database closes the others. */
  closeCheck(): Promise<void>
}

// A wrong user, password or database stays wrong: waiting does not help (PostgreSQL, Appendix A).
const permanent = /^(28|3D)/
const connectTimeoutMs = 1000

/** Undefined without a `DATABASE_REPLICA_URL`. */
export function createCheckedReplica(config: Config, log: Logger, signer?: TenantSigner): CheckedReplica | undefined {
  const { replicaUrl: url, poolSize: size } = config.database
  const { current: secret, ...previous } = config.secrets
  if (url === undefined) return undefined
  const password = currentPassword('DATABASE_REPLICA_URL', config.database.replicaUrlFile, log)
  const isolation = createIsolationCheck({ url, ...password, shared, signer: signer ?? 'none', connectTimeoutMs })
  const replica = createReplica({
    connections: createPool({ url, ...password, size, connectTimeoutMs, answerTimeoutMs: config.requests.timeoutMs }),
    check: async () => assertRowSecurity(await isolation.inspect()),
    secret,
    ...previous,
    onChange: (isUsed, error) =>
      isUsed ? log.info({}, 'the replica is used') : log.warn({ reason: reasonOf(error) }, 'the replica is not used'),
  })
  return {
    ...replica,
    async start() {
      try {
        await replica.check()
      } catch (error) {
        const isUnreachable = error instanceof ApiError && !permanent.test(findDatabaseError(error)?.sqlstate ?? '')
        if (!isUnreachable)
          throw new ConfigError(`DATABASE_REPLICA_URL: ${describeStartProblem(error)}`, { cause: error })
      }
    },
    closeCheck: () => isolation.close(),
  }
}

/** The code of the first cause that has one, never a message: messages can hold values. */
function reasonOf(error: unknown): string {
  let name = ''
  for (const at of causesOf(error)) {
    if ('code' in at && !(at instanceof ApiError)) return String(at.code)
    name = at.name
  }
  return name
}
