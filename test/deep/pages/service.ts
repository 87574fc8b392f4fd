import { seed } from '../../../db/seed.ts'
import { createDatabase, open } from '../../database.ts'
import { start, until } from '../../runtime/child.ts'

/** Starts the service in development, with the demo tenants. */
export async function startService(more: Record<string, string> = {}) {
  const database = await createDatabase()
  await seed(open(database))
  const settings = { DATABASE_URL: database.appUrl, PORT: '0', HOST: '127.0.0.1', NODE_ENV: '', ...more }
  const service = start([process.execPath, 'src/runtime/bun.ts'], settings)
  const url = await until(() => /http:\/\/[\d.]+:\d+/.exec(service.stdout)?.[0])
  return { url, [Symbol.asyncDispose]: () => service[Symbol.asyncDispose]() }
}
