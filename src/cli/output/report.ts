import { styleText as style } from 'node:util'
import { type Command, Option, type OptionValues } from '@commander-js/extra-typings'
import { type Finding, inOrder } from '../../isolation/index.ts'
import { escaped, escapedJson } from '../../text/index.ts'
import type { CommandIo, ProcessIo } from '../io.ts'
import { withRunner } from '../runner.ts'
import { asSarif } from './sarif.ts'
import { inOneLine } from './sql-text.ts'

/** The result of a command that checks a database or a project. */
export interface Report {
  /** What the command inspected, without secrets: `app_user on localhost/rowhouse`. */
  subject: string
  findings: Finding[]
  milliseconds: number
  /** The file that code scanning shows the findings in, relative to the repository. */
  file: string
}

/** The values of the options that {@link withReport} adds. */
export interface ReportOptions {
  format: 'text' | 'json' | 'sarif'
  json?: true | undefined
  strict?: true | undefined
}

/** Adds the report options of `doctor`, `check` and `init`. */
export const withReport = <Args extends unknown[], Given extends OptionValues>(command: Command<Args, Given>) =>
  command
    .addOption(
      new Option('--format <format>', 'the format of the report').choices(['text', 'json', 'sarif']).default('text'),
    )
    .addOption(new Option('--json', 'the same as --format json').conflicts('format'))
    .option('--strict', 'exit with 1 for warnings too')

/** Whether the report is text, so that a command may print other lines beside it. */
export const isForPeople = ({ format, json }: ReportOptions): boolean => format === 'text' && !json

/**
 * Writes a report to stdout: errors first, then by guarantee and object.
 *
 * @returns the exit code: 1 for an error, with `strict` also for a warning
 */
export function report(io: CommandIo, given: Report, { format, json, strict }: ReportOptions): 0 | 1 {
  const print = { text: asText, json: asJson, sarif: asSarif }[json ? 'json' : format]
  const findings = given.findings
    .toSorted(inOrder)
    .map((finding) => ({ ...finding, remedy: withRunner(finding.remedy, io.runner) }))
  io.stdout.write(`${print({ ...given, findings }, io)}\n`)
  return findings.some(({ level }) => strict || level === 'error') ? 1 : 0
}

/** One line for each finding, then a summary. Coloured when stdout is a terminal and NO_COLOR is not set. */
function asText({ subject, findings: found, milliseconds }: Report, io: ProcessIo): string {
  const styleText = hasColours(io) ? coloured : plain
  const findings = found.map((finding) => ({
    ...finding,
    object: escaped(finding.object),
    problem: escaped(finding.problem),
    remedy: escaped(inOneLine(finding.remedy)),
  }))
  const width = (column: 'check' | 'object') => Math.max(0, ...findings.map((finding) => finding[column].length))
  const [checkWidth, objectWidth] = [width('check'), width('object')]
  const colour = { error: 'red', warning: 'yellow' } as const
  const lines = findings.map(({ level, check, object, problem, remedy }) =>
    [
      styleText(colour[level], level.padEnd('warning'.length)),
      check.padEnd(checkWidth),
      styleText('bold', object.padEnd(objectWidth)),
      problem,
      styleText('dim', `→ ${remedy}`),
    ].join('  '),
  )
  const { errors, warnings } = summaryOf(findings)
  const counted = `${errors} error${errors === 1 ? '' : 's'}, ${warnings} warning${warnings === 1 ? '' : 's'}`
  const summary = `${counted}: ${escaped(subject)}, inspected in ${Math.round(milliseconds)} ms`
  const worst = findings[0]?.level
  return [...lines, ...(worst ? [''] : []), styleText(worst ? colour[worst] : 'green', summary)].join('\n')
}

type Style = Parameters<typeof style>[0]
const coloured = (format: Style, text: string): string => style(format, text, { validateStream: false })
const plain = (_format: Style, text: string): string => text

/** As https://no-color.org and https://force-color.org define it: a variable counts unless it is empty. */
const hasColours = ({ stdout, env: { FORCE_COLOR, NO_COLOR } }: ProcessIo): boolean =>
  FORCE_COLOR ? FORCE_COLOR !== '0' : !NO_COLOR && stdout.isTTY === true

const asJson = ({ file: _, ...rest }: Report): string =>
  escapedJson(JSON.stringify({ ...rest, summary: summaryOf(rest.findings) }, null, 2))

const summaryOf = (findings: Finding[]) => ({
  errors: findings.filter(({ level }) => level === 'error').length,
  warnings: findings.filter(({ level }) => level === 'warning').length,
})
