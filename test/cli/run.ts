import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

const root = join(import.meta.dir, '..', '..')

/** What a command of the command line did. */
export interface Outcome {
  code: number | null
  stdout: string
  stderr: string
}

/**
 * Runs `rowhouse …` as a process of its own, with nothing of this process's settings.
 *
 * @example
 * const { code, stdout } = await rowhouse(['init', '--dry-run'], { cwd: project.folder })
 */
export async function rowhouse(
  parameters: string[],
  { cwd = root, env = {} }: { cwd?: string; env?: Record<string, string> } = {},
): Promise<Outcome> {
  const { PATH = '', HOME = '' } = process.env
  const child = Bun.spawn([process.execPath, join(root, 'src/cli/rowhouse.ts'), ...parameters], {
    cwd,
    env: { PATH, HOME, ...env },
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'pipe',
  })
  const [stdout = '', stderr = ''] = await Promise.all(
    [child.stdout, child.stderr].map((output) => new Response(output).text()),
  )
  return { code: await child.exited, stdout, stderr }
}

/** A folder with the packages of this repository and some files; it goes with the block: `using project = …`. */
export function createProject(files: Record<string, string>): Disposable & { folder: string } {
  const folder = mkdtempSync(join(tmpdir(), 'rowhouse-cli-'))
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'))
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), text)
  }
  return { folder, [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }) }
}
