import postgres from 'postgres'
import { migrate } from '../src/migrate/index.ts'
import { type PostgresServer, startPostgres } from './postgres.ts'

/** A migrated primary and its streaming standby, for tests that pause the replay or stop one of the servers. */
export interface Pair extends AsyncDisposable {
  /** URLs with the login of the serving role. */
  readonly primaryUrl: string
  readonly standbyUrl: string
  readonly primary: PostgresServer
  readonly standby: PostgresServer
  /** Clients of the superuser. The standby's client connects again after a crash. */
  readonly onPrimary: postgres.Sql
  readonly onStandby: postgres.Sql
  /** Resolves when the standby has replayed every commit of the primary. */
  replayed(): Promise<void>
}

/** Starts both servers, in about three seconds. */
export async function startPair(): Promise<Pair> {
  const primary = await startPostgres()
  await migrate({ url: primary.ownerUrl, appPassword: 'serving' })
  const standby = await startPostgres(primary)
  const onPrimary = postgres(primary.ownerUrl, { max: 2, onnotice: () => {} })
  const onStandby = postgres(standby.ownerUrl, { max: 2, onnotice: () => {} })
  const serving = (url: string) => Object.assign(new URL(url), { username: 'app_user', password: 'serving' }).href
  return {
    primaryUrl: serving(primary.ownerUrl),
    standbyUrl: serving(standby.ownerUrl),
    primary,
    standby,
    onPrimary,
    onStandby,
    async replayed() {
      const [{ position } = {}] = await onPrimary`select pg_current_wal_lsn() as position`
      const isReplayed = () => onStandby`select where pg_last_wal_replay_lsn() >= ${position}::pg_lsn`
      while ((await isReplayed()).length === 0) await Bun.sleep(5)
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([onPrimary.end(), onStandby.end()])
      await Promise.all([standby.stop(), primary.stop()])
    },
  }
}
