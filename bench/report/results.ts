import { mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import { z } from 'zod'
import { Result } from '../scenario.ts'
import { Machine } from './machine.ts'

/** The figures of a scenario. */
export const Measured = Result.extend({
  name: z.string(),
  title: z.string(),
  date: z.iso.datetime(),
  /** The machine's load average of the minute before. */
  loadAverage: z.number(),
  /** Whether it had fewer and shorter rounds, and less data. */
  quick: z.boolean(),
})
export type Measured = z.infer<typeof Measured>

const Results = z.object({ machine: Machine, scenarios: z.array(Measured) })
/** The figures of all scenarios on a machine. */
export type Results = z.infer<typeof Results>

/** @returns undefined when there is no such file */
export async function readResults(path: string): Promise<Results | undefined> {
  const file = Bun.file(path)
  return (await file.exists()) ? Results.parse(await file.json()) : undefined
}

export async function writeResults(path: string, results: Results): Promise<void> {
  await mkdir(dirname(path), { recursive: true })
  // Further digits are noise.
  const rounded = (_: string, value: unknown) => (typeof value === 'number' ? Number(value.toPrecision(5)) : value)
  await Bun.write(path, `${JSON.stringify(results, rounded, 2)}\n`)
}

/** Replaces earlier figures by new ones. Scenarios without new figures keep the earlier ones. */
export function merge(order: string[], before: Measured[], now: Measured[]): Measured[] {
  const latest = new Map([...before, ...now].map((measured) => [measured.name, measured]))
  return order.flatMap((name) => latest.get(name) ?? [])
}
