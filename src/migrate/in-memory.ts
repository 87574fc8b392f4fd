import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Extensions, PGlite as PGliteInstance } from '@electric-sql/pglite'
import { type EmbeddedDatabase, servePglite } from './pglite-server.ts'

/**
 * Opens an empty database in memory.
 *
 * @param cacheFolder where to store an empty database, since creating one takes seconds. Unset, nothing is stored.
 * @param extensions names for `create extension`; names that PGlite lacks are ignored
 * @example
 * const { url, close } = await openInMemory('node_modules/.cache/rowhouse', ['citext'])
 */
export async function openInMemory(cacheFolder?: string, extensions: string[] = []): Promise<EmbeddedDatabase> {
  const { PGlite } = await import('@electric-sql/pglite') // large, and optional: loaded only when needed
  const options = { extensions: await loadExtensions(extensions) }
  const file = cacheFolder && `${cacheFolder}/empty-database-${await version()}.tar.gz`
  const stored = file && (await readFile(file).catch(() => undefined))
  const copy = stored && (await PGlite.create({ ...options, loadDataDir: new Blob([stored]) }).catch(() => undefined))
  if (copy) return await servePglite(copy)
  const postgres = await PGlite.create(options)
  if (file) await store(postgres, file).catch(() => {}) // without the stored copy the next start is slower
  return await servePglite(postgres)
}

async function store(empty: PGliteInstance, file: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true })
  const part = `${file}.${process.pid}` // another process may read or write the file
  await writeFile(part, (await empty.dumpDataDir('gzip')).stream())
  await rename(part, file)
}

async function version(): Promise<string> {
  const path = new URL('../package.json', import.meta.resolve('@electric-sql/pglite'))
  return JSON.parse(await readFile(path, 'utf8')).version
}

async function loadExtensions(names: string[]): Promise<Extensions> {
  const found: Extensions = {}
  for (const name of new Set(names.map((name) => name.replaceAll('-', '_')))) {
    const module = await import(`@electric-sql/pglite/contrib/${name}`).catch(() => ({}))
    if (name in module) found[name] = module[name]
  }
  return found
}
