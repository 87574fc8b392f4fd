import { sql } from 'drizzle-orm'
import type { TenantTx } from '../../../src/database/index.ts'
import { loadConfig } from '../../../src/service/config/config.ts'
import { createService } from '../../../src/service/service.ts'
import { deps } from '../../app.ts'
import { closeAfterwards } from '../../database.ts'
import { startPair } from '../../standby.ts'

/** The primary and the standby that these tests share. Each test leaves them running and replaying. */
export const pair = await startPair()
closeAfterwards({ close: async () => await pair[Symbol.asyncDispose]() })

/** The service on both servers, with its log lines. `assertIsolation` is what a start of the service calls. */
export async function createPairService(environment: Record<string, string> = {}) {
  const lines: string[] = []
  const write = (fields: object, message: string) => void lines.push([message, ...Object.values(fields)].join(' '))
  const log = { ...deps.log, info: write, warn: write }
  const urls = { DATABASE_URL: pair.primaryUrl, DATABASE_REPLICA_URL: pair.standbyUrl }
  const config = loadConfig({ ...urls, DATABASE_POOL_SIZE: '4', ...environment })
  const service = await createService({ config, log, loadDocsAsset: deps.loadDocsAsset })
  return { ...service, lines, [Symbol.asyncDispose]: () => service.close() }
}

export async function startPairService(environment: Record<string, string> = {}) {
  const service = await createPairService(environment)
  await service.assertIsolation()
  return service
}

/** Pauses the replay until the end of the block. The standby shows its current rows until then. */
export async function pauseReplay(): Promise<AsyncDisposable> {
  await pair.replayed()
  await pair.onStandby`select pg_wal_replay_pause()`
  const state = () => pair.onStandby`select where pg_get_wal_replay_pause_state() = 'paused'`
  while ((await state()).length === 0) await Bun.sleep(5)
  return { [Symbol.asyncDispose]: async () => void (await pair.onStandby`select pg_wal_replay_resume()`) }
}

/** The server that a transaction runs on. */
export async function placeOf(tx: TenantTx): Promise<'primary' | 'standby'> {
  const [row] = await tx.execute<{ place: boolean }>(sql`select pg_is_in_recovery() as place`)
  return row?.place ? 'standby' : 'primary'
}
