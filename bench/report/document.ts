import { type Machine, machineLine } from './machine.ts'
import type { Measured, Results } from './results.ts'
import { asMarkdown, figuresTable, isMet, verdictsTable } from './table.ts'

/** Replaces the text between `<!-- name -->` and `<!-- /name -->`. */
export function replaceBetween(document: string, name: string, text: string): string {
  const [begin, end] = [`<!-- ${name} -->`, `<!-- /${name} -->`]
  const [from, to] = [document.indexOf(begin), document.indexOf(end)]
  if (from < 0 || to < from) throw new Error(`The document must contain ${begin} and, after it, ${end}`)
  return `${document.slice(0, from + begin.length)}\n\n${text}\n\n${document.slice(to)}`
}

/** A table of all targets, then the figures of each scenario. */
export function resultsAsMarkdown({ machine, scenarios }: Results): string {
  const verdicts = scenarios.flatMap(({ name, verdicts }) =>
    verdicts.map((verdict) => ({ ...verdict, claim: `\`${name}\`: ${verdict.claim}` })),
  )
  const met = verdicts.filter(isMet).length
  return [
    `${met} of ${verdicts.length} targets are met. ${where(machine, scenarios)}`,
    asMarkdown(verdictsTable(verdicts)),
    ...scenarios.flatMap(scenarioAsMarkdown),
  ].join('\n\n')
}

/** The figures of each scenario, without targets. */
export const measuredAsMarkdown = ({ machine, scenarios }: Results): string =>
  [where(machine, scenarios), ...scenarios.map((measured) => asMarkdown(figuresTable(measured)))].join('\n\n')

function where(machine: Machine, scenarios: Measured[]): string {
  const days = [...new Set(scenarios.map(({ date }) => date.slice(0, 10)))].toSorted()
  return `Measured on ${days.join(', ')}. ${machineLine(machine)}.`
}

function scenarioAsMarkdown(measured: Measured): string[] {
  const { name, title, quick, loadAverage, notes } = measured
  const how = `Load average before: ${loadAverage.toFixed(1)}.${quick ? ' Measured with `--quick`.' : ''}`
  return [`### \`${name}\``, `${title}. ${how}`, asMarkdown(figuresTable(measured)), ...notes]
}
