import { describe, expect, test } from 'bun:test'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { applyPatch } from 'diff'
import { sqlVersion } from '../../../src/isolation/index.ts'
import { copyOlderProject, olderVersions } from '../../migrate/older-projects.ts'
import { createProject, rowhouse } from '../run.ts'

const root = join(import.meta.dir, '../../..')
const filesOf = (folder: string): Record<string, string> =>
  Object.fromEntries(
    readdirSync(join(folder, 'sql')).map((name) => [name, readFileSync(join(folder, 'sql', name), 'utf8')]),
  )
const withoutMarker = (text = ''): string => text.replace(/^-- Written by .*\n/, '')
const change = (path: string, edit: (text: string) => string) => writeFileSync(path, edit(readFileSync(path, 'utf8')))
const later = (folder: string) =>
  writeFileSync(join(folder, 'sql/39-version.sql'), `select 'rowhouse sql ${sqlVersion + 1}'`)
const edit = (text: string) => text.replace("'tenant_restrictive'", "'our_restrictive'")

describe.each(olderVersions)('rowhouse upgrade, in a project of version %d of the SQL,', (version) => {
  test('updates the files that nobody edited, and writes the missing ones', async () => {
    await using project = await copyOlderProject(version)
    const before = filesOf(project.folder)
    const { code, stdout, stderr } = await rowhouse(['upgrade'], { cwd: project.folder })
    expect([code, stderr]).toEqual([0, ''])
    const after = filesOf(project.folder)
    for (const [name, text] of Object.entries(after)) {
      if (name !== '40-protected-tables.sql')
        expect(withoutMarker(text)).toBe(withoutMarker(readFileSync(join(root, 'sql', name), 'utf8')))
      const outcome = { [text]: 'is up to date', '': 'written' }[before[name] ?? ''] ?? 'updated'
      expect(stdout).toContain(`sql/${name} ${outcome}\n`)
    }
    expect(stdout).toStartWith(`sql has version ${version} of the SQL, and rowhouse `)
    expect(stdout).toEndWith('  git diff sql\n  bunx rowhouse check\n  bunx rowhouse migrate\n  bunx rowhouse doctor\n')
  })

  test('changes nothing the second time', async () => {
    await using project = await copyOlderProject(version)
    await rowhouse(['upgrade'], { cwd: project.folder })
    const before = filesOf(project.folder)
    const { code, stdout } = await rowhouse(['upgrade'], { cwd: project.folder })
    expect([code, filesOf(project.folder)]).toEqual([0, before])
    expect(stdout.trimEnd().split('\n')).toEqual(
      Object.keys(before)
        .toSorted()
        .map((name) => `sql/${name} is up to date`),
    )
  })

  test('counts carriage returns and a byte order mark as no edit', async () => {
    await using project = await copyOlderProject(version)
    change(join(project.folder, 'sql/40-protected-tables.sql'), (text) => `\uFEFF${text.replaceAll('\n', '\r\n')}`)
    change(join(project.folder, 'schema.ts'), (text) => text.replaceAll("'invoices'", "'bills'"))
    const { code, stdout } = await rowhouse(['upgrade'], { cwd: project.folder })
    expect([code, stdout.includes('sql/40-protected-tables.sql updated\n')]).toEqual([0, true])
  })

  test('leaves an edited file alone, and prints the difference', async () => {
    await using project = await copyOlderProject(version)
    change(join(project.folder, 'sql/30-protect.sql'), edit)
    const before = filesOf(project.folder)
    const { code, stdout } = await rowhouse(['upgrade'], { cwd: project.folder })
    expect([code, filesOf(project.folder)['30-protect.sql']]).toEqual([1, before['30-protect.sql']])
    expect(stdout).toContain('sql/30-protect.sql was not changed: somebody edited it')
    expect(stdout).toContain('\n--- sql/30-protect.sql\n+++ sql/30-protect.sql\n@@ ')
    expect(stdout).toMatch(/\n-.*'our_restrictive'.*\n\+.*'tenant_restrictive'.*\n/)
    expect(filesOf(project.folder)['39-version.sql']).toBeDefined()
  })

  test('prints a difference that leads to the file of this release', async () => {
    await using project = await copyOlderProject(version)
    change(join(project.folder, 'sql/30-protect.sql'), edit)
    const { stdout } = await rowhouse(['upgrade'], { cwd: project.folder })
    const [patch = ''] = /^--- sql\/30-protect.*\n[\s\S]*?\n(?=sql\/)/m.exec(stdout) ?? []
    const patched = applyPatch(filesOf(project.folder)['30-protect.sql'] ?? '', patch)
    expect(withoutMarker(patched || '')).toBe(readFileSync(join(root, 'sql/30-protect.sql'), 'utf8'))
  })

  test('with --check writes nothing, and exits with 1 until the files are those of this release', async () => {
    await using project = await copyOlderProject(version)
    const before = filesOf(project.folder)
    const { code, stdout } = await rowhouse(['upgrade', '--check'], { cwd: project.folder })
    expect([code, filesOf(project.folder)]).toEqual([1, before])
    expect(stdout).toContain('sql/39-version.sql would be written\n')
    expect(stdout).not.toContain('Next steps')
    await rowhouse(['upgrade'], { cwd: project.folder })
    expect(await rowhouse(['upgrade', '--check'], { cwd: project.folder })).toMatchObject({ code: 0, stderr: '' })
  })

  test('with --check prints what it would update', async () => {
    await using project = await copyOlderProject(version)
    change(join(project.folder, 'schema.ts'), (text) => text.replaceAll("'invoices'", "'bills'"))
    const { stdout } = await rowhouse(['upgrade', '--check'], { cwd: project.folder })
    expect(stdout).toContain('sql/40-protected-tables.sql would be updated\n--- sql/40-protected-tables.sql\n')
    expect(stdout).toContain("\n+select tenancy.protect('public.bills');\n")
  })

  test.each(['upgrade', 'upgrade --check', 'init', 'add orders'])(
    'is refused for files of a later release, as rowhouse %s',
    async (command) => {
      await using project = await copyOlderProject(version)
      later(project.folder)
      const before = filesOf(project.folder)
      const { code, stdout, stderr } = await rowhouse(command.split(' '), { cwd: project.folder })
      expect([code, stdout, filesOf(project.folder)]).toEqual([2, '', before])
      expect(stderr).toMatch(
        new RegExp(
          `^sql has version ${sqlVersion + 1} of the SQL, and rowhouse \\S+ brings version ${sqlVersion}\\. Install `,
        ),
      )
    },
  )
})

test('rowhouse upgrade refuses a project without the folder of SQL files', async () => {
  using project = createProject({ 'db/schema/index.ts': '' })
  expect(await rowhouse(['upgrade'], { cwd: project.folder })).toEqual({
    code: 2,
    stdout: '',
    stderr: 'The folder sql does not exist: "bunx rowhouse init" writes it.\n',
  })
})
