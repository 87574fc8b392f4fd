import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Extensions, PGlite as PGliteInstance } from '@electric-sql/pglite'
import { type EmbeddedDatabase, serve } from './pglite-server.ts'

/**
 * Opens an empty database that lives in memory and goes with `close`.
 *
 * @param cacheFolder where an empty database is kept for the next time, nowhere when left out: to make one takes seconds,
 *   to copy one does not
 * @param extensions what `create extension` will be asked for in it; what PGlite has not is passed over
 * @example
 * const { url, close } = await openInMemory('node_modules/.cache/rowhouse', ['citext'])
 */
export async function openInMemory(cacheFolder?: string, extensions: string[] = []): Promise<EmbeddedDatabase> {
  const { PGlite } = await import('@electric-sql/pglite') // a whole PostgreSQL: loaded where it is used
  const options = { extensions: await load(extensions) }
  const file = cacheFolder && `${cacheFolder}/empty-database-${await version()}.tar.gz`
  const kept = file && (await readFile(file).catch(() => undefined))
  const copy = kept && (await PGlite.create({ ...options, loadDataDir: new Blob([kept]) }).catch(() => undefined))
  if (copy) return await serve(copy)
  const postgres = await PGlite.create(options)
  if (file) await keep(postgres, file).catch(() => {}) // without the copy it takes longer the next time, that is all
  return await serve(postgres)
}

async function keep(empty: PGliteInstance, file: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true })
  const part = `${file}.${process.pid}` // under another name first: somebody may be reading, or writing the same
  await writeFile(part, (await empty.dumpDataDir('gzip')).stream())
  await rename(part, file)
}

async function version(): Promise<string> {
  const path = new URL('../package.json', import.meta.resolve('@electric-sql/pglite'))
  return JSON.parse(await readFile(path, 'utf8')).version
}

async function load(names: string[]): Promise<Extensions> {
  const found: Extensions = {}
  for (const name of new Set(names.map((name) => name.replaceAll('-', '_')))) {
    const module = await import(`@electric-sql/pglite/contrib/${name}`).catch(() => ({}))
    if (name in module) found[name] = module[name]
  }
  return found
}
