import { createHash } from 'node:crypto'
import { styleText } from 'node:util'
import { Option } from '@commander-js/extra-typings'
import type { Log } from 'sarif'
import { type Check, checks, type Finding } from '../walls/index.ts'

export type Format = 'text' | 'json' | 'sarif'

/** What a command looked at, and what it found there. */
export interface Report {
  /** What was looked at, without secrets: `app_user on localhost/rowhouse`. */
  subject: string
  findings: Finding[]
  /** How long the look took. */
  milliseconds: number
  /** The file that code scanning shows the findings in, relative to the repository. */
  file: string
}

/** Adds the options that `doctor`, `check` and `init` report with. */
export const reportOptions = [
  new Option('--format <format>', 'how to report').choices(['text', 'json', 'sarif'] as const).default('text' as const),
  new Option('--json', 'the same as --format json').implies({ format: 'json' }),
  new Option('--strict', 'exit with 1 for warnings too'),
] as const

/**
 * Writes a report to stdout.
 *
 * @returns the exit code: 1 when there is an error, or, strictly, anything at all
 */
export function report(
  given: Report,
  { format, strict = false }: { format: Format; strict?: boolean | undefined },
): 0 | 1 {
  const print = { text: asText, json: asJson, sarif: asSarif }[format]
  process.stdout.write(`${print(given)}\n`)
  return given.findings.some(({ level }) => strict || level === 'error') ? 1 : 0
}

/** One line a finding, then a summary. Colours where stdout is a terminal and NO_COLOR is not set. */
function asText({ subject, findings, milliseconds }: Report): string {
  const widest = Math.max(0, ...findings.map(({ object }) => object.length))
  const colour = { error: 'red', warning: 'yellow' } as const
  const lines = findings.map(({ level, promise, object, problem, remedy }) => {
    const place = `${String(promise).padStart(2)}  ${styleText('bold', object.padEnd(widest))}`
    return `${styleText(colour[level], level.padEnd(7))}  ${place}  ${problem}  ${styleText('dim', `→ ${remedy}`)}`
  })
  const count = (level: Finding['level']) => {
    const number = findings.filter((finding) => finding.level === level).length
    return `${number} ${level}${number === 1 ? '' : 's'}`
  }
  const summary = `${count('error')}, ${count('warning')}: ${subject}, looked at in ${Math.round(milliseconds)} ms`
  const worst = findings[0]?.level
  return [...lines, ...(worst ? [''] : []), styleText(worst ? colour[worst] : 'green', summary)].join('\n')
}

const asJson = ({ file: _, ...rest }: Report): string =>
  JSON.stringify({ ...rest, summary: summaryOf(rest.findings) }, null, 2)

const summaryOf = (findings: Finding[]) => ({
  errors: findings.filter(({ level }) => level === 'error').length,
  warnings: findings.filter(({ level }) => level === 'warning').length,
})

/** SARIF 2.1.0 (OASIS), as code scanning reads it: it wants a file, so the database's objects are logical locations. */
function asSarif({ findings, file }: Report): string {
  const rules = [...checks, ...beside(findings)].map(({ check, promise, level, should }) => ({
    id: check,
    shortDescription: { text: should },
    defaultConfiguration: { level },
    properties: { promise },
  }))
  const results = findings.map(({ check, level, promise, object, problem, remedy }) => ({
    ruleId: check,
    level,
    message: { text: `${object}: ${problem}. Promise ${promise}. ${remedy}` },
    locations: [
      {
        physicalLocation: { artifactLocation: { uri: file }, region: { startLine: 1 } },
        logicalLocations: [{ fullyQualifiedName: object }],
      },
    ],
    partialFingerprints: {
      'finding/v1': createHash('sha256').update([check, object, problem].join('\n')).digest('hex'),
    },
  }))
  const log: Log = {
    $schema: 'https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json',
    version: '2.1.0',
    runs: [{ tool: { driver: { name: 'rowhouse', rules } }, results }],
  }
  return JSON.stringify(log, null, 2)
}

/** Rules of what `check` and `init` compare, which are no checks of the doctor's. */
function beside(findings: Finding[]): Check[] {
  const known = new Set(checks.map(({ check }) => check))
  const others = new Map(findings.filter(({ check }) => !known.has(check)).map((finding) => [finding.check, finding]))
  return [...others.values()].map((finding) => ({ ...finding, should: 'Schema, SQL and project say the same.' }))
}
