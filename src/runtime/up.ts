import { fileURLToPath } from 'node:url'
import { openEmbedded } from '../../db/embedded.ts'
import { shared } from '../../db/schema/shared.ts'
import { seed } from '../../db/seed.ts'
import { createPool, createTenantDatabase, createTenantSigner } from '../database/index.ts'
import { migrate } from '../migrate/index.ts'
import { loadConfig } from '../service/config/config.ts'
import { demo } from '../service/features/demo.ts'
import { listen } from './bun.ts'
import { exitWith } from './exit-with.ts'
import { runService } from './process.ts'

// `bun run up`: everything from nothing. With DATABASE_URL set, the service alone, on that PostgreSQL.

async function up(): Promise<void> {
  const { DATABASE_URL: given } = process.env
  // Before the database is made: a wrong setting need not wait for that.
  const { TENANT_HEADER, TENANT_SIGNING_KEY = [] } = loadConfig({
    ...process.env,
    DATABASE_URL: given || 'postgres://embedded',
  })
  const embedded = given ? undefined : await openEmbedded('.rowhouse')
  const environment = { ...process.env, ...(embedded ? { DATABASE_URL: embedded.url } : {}) }
  try {
    if (embedded) await prepare(embedded.url, TENANT_SIGNING_KEY)
    const url = await runService(listen, {
      environment,
      ...(embedded ? { role: 'app_user', onStopped: () => embedded.close() } : {}),
    })
    process.stdout.write(`${banner(url, TENANT_HEADER, embedded !== undefined)}\n`)
  } catch (error) {
    await embedded?.close()
    throw error
  }
}

async function prepare(url: string, signingSecrets: string[]): Promise<void> {
  await migrate({
    sql: folder('sql'),
    migrations: folder('drizzle'),
    shared,
    url,
    signingSecrets,
  })
  const [secret] = signingSecrets
  const signer = secret === undefined ? undefined : createTenantSigner(secret)
  const db = createTenantDatabase({ connections: createPool({ url, size: 1 }), role: 'app_user', signer })
  await seed(db)
  await db.close()
}

const folder = (name: string) => fileURLToPath(new URL(`../../${name}`, import.meta.url))

function banner(url: string, header: string, seeded: boolean): string {
  const curl = (tenantId: string) => `curl -s ${url}/tasks -H '${header}: ${tenantId}'`
  const demos = seeded ? `\n  Acme     ${curl(demo.acme.tenantId)}\n  Globex   ${curl(demo.globex.tenantId)}` : ''
  return `\n  Rowhouse is up.\n\n  Docs     ${url}/docs${demos}\n\n  Ctrl-C stops it.\n`
}

await up().catch(exitWith)
