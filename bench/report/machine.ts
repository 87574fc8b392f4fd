import { arch, cpus, release, totalmem, type } from 'node:os'
import { z } from 'zod'
import project from '../../package.json' with { type: 'json' }
import { wrkVersion } from '../wrk.ts'

/** Where figures come from: without it they say nothing. */
export const Machine = z.object({
  processor: z.string(),
  cores: z.number(),
  memoryGigabytes: z.number(),
  kernel: z.string(),
  versions: z.record(z.string(), z.string()),
})
export type Machine = z.infer<typeof Machine>

const packages: Record<string, string> = { ...project.dependencies, ...project.devDependencies } // exact versions

const measured = ['hono', 'drizzle-orm', 'pg', 'postgres']

/** @param postgresql version of the server that was measured */
export const describeMachine = (postgresql: string): Machine => ({
  processor: cpus()[0]?.model ?? 'unknown',
  cores: cpus().length,
  memoryGigabytes: Math.round(totalmem() / 1e9),
  kernel: `${type()} ${release()} ${arch()}`,
  versions: {
    Bun: Bun.version,
    PostgreSQL: postgresql,
    wrk: wrkVersion() ?? 'none',
    ...Object.fromEntries(measured.map((name) => [name, packages[name] ?? 'none'])),
  },
})

/** On one line, for people. */
export function machineLine({ processor, cores, memoryGigabytes, kernel, versions }: Machine): string {
  const programs = Object.entries(versions).map(([name, version]) => `${name} ${version}`)
  return `${processor}, ${cores} cores, ${memoryGigabytes} GB, ${kernel}; ${programs.join(', ')}`
}
