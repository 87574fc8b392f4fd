import { createIsolationCheck } from '../src/isolation/index.ts'
import { readDocsAsset } from '../src/runtime/read-docs-asset.ts'
import { type AppDeps, createApp } from '../src/service/app.ts'
import { loadConfig } from '../src/service/config/config.ts'
import type { TestClient } from '../src/testing/index.ts'
import { closeAfterwards, db, main } from './database.ts'

const isolation = createIsolationCheck({ url: main.appUrl })
closeAfterwards(isolation)
const say = () => {}

/** What the app is made of on the shared test database, with a log that says nothing. */
export const deps: AppDeps = {
  db,
  isolation,
  log: { info: say, warn: say, error: say },
  loadDocsAsset: readDocsAsset,
  settings: loadConfig({ DATABASE_URL: main.appUrl }),
}

/** The app as the service builds it. */
export const app = createApp(deps)

/** How the contract runner makes what a field refers to. */
export const fixtures = {
  async userId(client: TestClient): Promise<string> {
    const email = `${crypto.randomUUID()}@rowhouse.example`
    return (await client.post<{ id: string }>('/users', { email, name: 'Ada' })).data.id
  },
}
