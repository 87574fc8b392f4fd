import { join } from 'node:path'
import { drawChart } from './chart.ts'
import { measuredAsMarkdown, replaceBetween, resultsAsMarkdown } from './document.ts'
import { describeMachine } from './machine.ts'
import { type Measured, merge, readResults, writeResults } from './results.ts'

const docs = join(import.meta.dir, '../../docs')

/**
 * Writes the figures as JSON and a chart into docs/bench, and as tables into docs/performance.md.
 *
 * @param name `results` of the whole bench, or `micro` of the transaction without HTTP
 * @param order of all scenarios, including those without new figures
 * @param postgresql the version of the measured server
 */
export async function publish(
  name: 'results' | 'micro',
  order: string[],
  measured: Measured[],
  postgresql: string,
): Promise<void> {
  const path = join(docs, 'bench', `${name}.json`)
  const before = await readResults(path)
  const scenarios = merge(order, before?.scenarios ?? [], measured)
  const results = { machine: describeMachine(postgresql), scenarios }
  await writeResults(path, results)
  const page = join(docs, 'performance.md')
  const text = name === 'results' ? resultsAsMarkdown(results) : measuredAsMarkdown(results)
  await Bun.write(page, replaceBetween(await Bun.file(page).text(), name, text))
  if (name === 'results') await Bun.write(join(docs, 'bench', 'results.svg'), drawChart(scenarios))
}
