import { mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import { z } from 'zod'
import { Result } from '../scenario.ts'
import { Machine } from './machine.ts'

/** What a scenario came to, and when. */
export const Measured = Result.extend({
  name: z.string(),
  title: z.string(),
  date: z.iso.datetime(),
  /** Of the last minute before it began (`uptime`): what else the machine was doing. */
  loadAverage: z.number(),
  /** With fewer and shorter rounds, and less data. */
  quick: z.boolean(),
})
export type Measured = z.infer<typeof Measured>

const Results = z.object({ machine: Machine, scenarios: z.array(Measured) })
/** All that was measured on a machine, in the order of the scenarios. */
export type Results = z.infer<typeof Results>

/** @returns undefined when there is no such file */
export async function readResults(path: string): Promise<Results | undefined> {
  const file = Bun.file(path)
  return (await file.exists()) ? Results.parse(await file.json()) : undefined
}

export async function writeResults(path: string, results: Results): Promise<void> {
  await mkdir(dirname(path), { recursive: true })
  // More digits than five would be noise.
  const rounded = (_: string, value: unknown) => (typeof value === 'number' ? Number(value.toPrecision(5)) : value)
  await Bun.write(path, `${JSON.stringify(results, rounded, 2)}\n`)
}

/** Puts what was measured now in the place of what was measured before. What was not measured now stays as it is. */
export function merge(order: string[], before: Measured[], now: Measured[]): Measured[] {
  const latest = new Map([...before, ...now].map((measured) => [measured.name, measured]))
  return order.flatMap((name) => latest.get(name) ?? [])
}
