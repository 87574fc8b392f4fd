import { arch, cpus, release, totalmem, type } from 'node:os'
import { z } from 'zod'
import project from '../../package.json' with { type: 'json' }
import { wrkVersion } from '../wrk.ts'

/** The machine and versions of a measurement. */
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

/** @param postgresql the version of the measured server */
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

/** The machine on one line. */
export function machineLine({ processor, cores, memoryGigabytes, kernel, versions }: Machine): string {
  const programs = Object.entries(versions).map(([name, version]) => `${name} ${version}`)
  return `${processor}, ${cores} cores, ${memoryGigabytes} GB, ${kernel}; ${programs.join(', ')}`
}
