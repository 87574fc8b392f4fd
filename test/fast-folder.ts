import { spawn } from 'node:child_process'
import { mkdtempSync, statfsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const memoryMin = 2 * 1024 ** 3

/** Where tests keep databases: memory where Linux offers enough of it, which is ten times as fast as many disks. */
export const fastFolder = freeIn('/dev/shm') > memoryMin ? '/dev/shm' : tmpdir()

function freeIn(folder: string): number {
  try {
    const { bavail, bsize } = statfsSync(folder)
    return bavail * bsize
  } catch {
    return 0 // there is none on other systems
  }
}

let own: string | undefined

/** A new folder in memory where there is enough of it. It goes with this process at the latest, also after a kill -9. */
export function newFastFolder(): string {
  if (own === undefined) {
    own = mkdtempSync(join(fastFolder, 'rowhouse-test-'))
    // Its input ends when this process does. Detached, or Ctrl-C in a terminal would end it first.
    const cleaner = spawn('sh', ['-c', 'cat; rm -rf "$0"', own], {
      detached: true,
      stdio: ['pipe', 'ignore', 'ignore'],
    })
    cleaner.unref()
  }
  return mkdtempSync(join(own, 'folder-'))
}
