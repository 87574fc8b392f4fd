import { fileURLToPath } from 'node:url'
import { openEmbedded } from '../../db/embedded.ts'
import { demo } from '../../db/schema/demo.ts'
import { shared } from '../../db/schema/shared.ts'
import { seed } from '../../db/seed.ts'
import { createPool, createTenantDatabase, createTenantSigner } from '../database/index.ts'
import { migrate } from '../migrate/index.ts'
import { loadConfig } from '../service/config/config.ts'
import { parseDatabaseUrl } from '../text/index.ts'
import { listen } from './bun.ts'
import { exitWith } from './exit-with.ts'
import { assertFree } from './listening.ts'
import { runService } from './process.ts'
import { readWorker } from './worker.ts'

// `bun run up` starts an embedded database with demo data and the service on it. With DATABASE_URL (or its file) it starts the service
// alone, and with DATABASE_WORKER_URL the worker too.

async function up(): Promise<void> {
  const given = process.env.DATABASE_URL || process.env.DATABASE_URL_FILE
  // Callers are unverified: only this machine reaches the service, unless HOST says otherwise.
  const { worker: own, tasks, environment } = readWorker(process.env)
  const settings = { ...environment, HOST: process.env.HOST || '127.0.0.1' }
  // Before the database starts, so that a wrong setting and a used port are reported at once. And once: a pipe has its secret once.
  const config = loadConfig({ ...settings, ...(given ? {} : { DATABASE_URL: 'postgres://embedded' }) })
  await assertFree(config)
  const { tenant } = config
  if (!given) process.umask(0o077) // the files of the database are for this user
  const embedded = given ? undefined : await openEmbedded('.rowhouse')
  const database = embedded ? { ...config.database, url: embedded.url } : config.database
  try {
    if (embedded) await prepare(embedded.url, tenant.signingKeys)
    const worker = embedded ? { url: embedded.url, tasks } : own
    const url = await runService(listen, {
      config: { ...config, database },
      ...(worker ? { worker } : {}),
      ...(embedded ? { role: 'app_user', onStopped: () => embedded.close() } : {}),
    })
    process.stdout.write(`${banner(url, tenant.header, given ? config.database.url : undefined)}\n`)
  } catch (error) {
    await embedded?.close()
    throw error
  }
}

async function prepare(url: string, signingSecrets: readonly string[]): Promise<void> {
  await migrate({
    sql: folder('sql'),
    migrations: folder('drizzle'),
    shared,
    url,
    signingSecrets: [...signingSecrets],
  })
  const [secret] = signingSecrets
  const signer = secret === undefined ? undefined : createTenantSigner(secret)
  const db = createTenantDatabase({ connections: createPool({ url, size: 1 }), role: 'app_user', signer })
  await seed(db)
  await db.close()
}

const folder = (name: string) => fileURLToPath(new URL(`../../${name}`, import.meta.url))

/** @param databaseUrl of a database that is not the embedded one */
function banner(url: string, header: string, databaseUrl: string | undefined): string {
  const curl = (tenantId: string) => `curl -s ${url}/tasks -H '${header}: ${tenantId}'`
  const data =
    databaseUrl === undefined
      ? `Acme     ${curl(demo.acme.tenantId)}\n  Globex   ${curl(demo.globex.tenantId)}`
      : `Database: ${addressOf(databaseUrl)} (from DATABASE_URL; not migrated, not seeded)`
  return `\n  Rowhouse is running.\n\n  Home     ${url}/\n  Docs     ${url}/docs\n  ${data}\n\n  Press Ctrl-C to stop it.\n`
}

/** The host, port and name of a database, without the password. */
function addressOf(databaseUrl: string): string {
  const { host, port, database } = parseDatabaseUrl(databaseUrl)
  return `${host}:${port}/${database}`
}

await up().catch(exitWith)
