import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createProject, rowhouse } from './run.ts'

/** Runs `rowhouse init --tenant-from …`, and returns the statements of the file. */
export async function adopt(text: string, ...flags: string[]) {
  using project = createProject({ 'schema.ts': text })
  const init = ['init', '--schema', 'schema.ts', '--unreachable', 'public.orgs', '--tenant-from', ...flags]
  const outcome = await rowhouse(init, { cwd: project.folder })
  const path = join(project.folder, 'drizzle/tenants.sql')
  const file = existsSync(path) ? readFileSync(path, 'utf8') : ''
  const lines = file.split('\n').filter((line) => line !== '' && !line.startsWith('--'))
  return { ...outcome, file, statements: lines.map((line) => line.replaceAll('"', '')) }
}
