import { describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import type { Log } from 'sarif'
import { createProject, rowhouse } from '../../cli/run.ts'
import { asOwner, createDatabase } from '../../database.ts'

const command = join(import.meta.dir, '../../../src/cli/rowhouse.ts')
const tables = Array.from({ length: 1000 }, (_, n) => `export const t${n} = pgTable('t${n}' + long, { id: uuid() })`)
const manyTables = `import { pgTable, uuid } from 'drizzle-orm/pg-core'
const long = 'g'.repeat(3000)
${tables.join('\n')}`
const broken = await Bun.file(join(import.meta.dir, '../../cli/foreign/broken.ts')).text()

/** Runs a command in a pipe of the system, which holds less than Bun's. `stderr` ends with the command's exit code. */
async function piped(into: 'true' | 'cat', cwd: string, ...parameters: string[]) {
  const script = ['sh', '-c', `{ "$@"; echo $? >&2; } | ${into}`, 'sh', process.execPath, command]
  const { stdout, stderr } = Bun.spawn([...script, ...parameters], { cwd, stdout: 'pipe', stderr: 'pipe' })
  return { stdout: await new Response(stdout).text(), stderr: await new Response(stderr).text() }
}

describe('a report', () => {
  test.each(['--format=text', '--json'])('into a closed pipe (%s) does not change the exit code', async (format) => {
    using project = createProject({ 'clean.ts': manyTables, 'broken.ts': broken })
    const init = (schema: string) => piped('true', project.folder, 'init', '--dry-run', '--schema', schema, format)
    expect(await init('clean.ts')).toEqual({ stdout: '', stderr: '0\n' })
    expect(await init('broken.ts')).toEqual({ stdout: '', stderr: '1\n' })
  })

  test('longer than a pipe holds is complete', async () => {
    using project = createProject({ 'schema.ts': manyTables })
    const init = ['init', '--dry-run', '--schema', 'schema.ts', '--json']
    const { stdout } = await piped('cat', project.folder, ...init)
    expect(stdout.length).toBeGreaterThan(5_000_000)
    expect(JSON.parse(stdout).findings).toHaveLength(1000)
  })

  test('lists errors first', async () => {
    using project = createProject({ 'schema.ts': broken })
    const { stdout } = await rowhouse(['init', '--schema', 'schema.ts', '--json'], { cwd: project.folder })
    const levels = JSON.parse(stdout).findings.map(({ level }: { level: string }) => level)
    expect(new Set(levels).size).toBe(2)
    expect(levels).toEqual(levels.toSorted())
  })

  test('escapes control characters in the name of a table', async () => {
    const database = await createDatabase()
    await asOwner(database).unsafe(
      'create table "\u001b[2K\r\u009b2J\u202e\nerror    12  forged" (tenant_id uuid); grant usage on schema public to public',
    )
    const { stdout } = await rowhouse(['doctor'], { env: { DATABASE_URL: database.appUrl } })
    expect(stdout).toContain(String.raw`\x1b[2K\r\x9b2J\u{202e}\nerror    12  forged`)
    expect(stdout.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}]/u)
    expect(stdout).not.toMatch(/^error {4}12 {2}forged/m)
  })
})

describe('a report as SARIF', () => {
  test('has the texts and fingerprints that code scanning shows', async () => {
    using project = createProject({ 'schema.ts': broken })
    const init = ['init', '--dry-run', '--schema', 'schema.ts', '--format', 'sarif']
    const { stdout } = await rowhouse(init, { cwd: project.folder })
    const [run] = (JSON.parse(stdout) as Log).runs // made by code that the compiler holds to the same type
    for (const { id, fullDescription, help, shortDescription } of run?.tool.driver.rules ?? []) {
      expect(fullDescription?.text).toStartWith(shortDescription?.text ?? '')
      expect(help?.text).toStartWith(`docs/checks/${id}.md explains ${id}`)
    }
    expect(run?.results?.length).toBeGreaterThan(10)
    for (const { partialFingerprints } of run?.results ?? [])
      expect(partialFingerprints?.primaryLocationLineHash).toBe(partialFingerprints?.['finding/v1'] ?? '')
  })
})
