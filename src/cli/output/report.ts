import { type Command, Option, type OptionValues } from '@commander-js/extra-typings'
import { type Finding, inOrder, type TableAccess } from '../../isolation/index.ts'
import { escapedJson } from '../../text/index.ts'
import type { CommandIo } from '../io.ts'
import { withRunner } from '../runner.ts'
import { countOf } from './groups.ts'
import { asHtml } from './html.ts'
import { asSarif } from './sarif.ts'
import { asText } from './text.ts'

/** The result of a command that checks a database or a project. */
export interface Report {
  /** What the command inspected, without secrets: `app_user on localhost/rowhouse`. */
  subject: string
  findings: Finding[]
  milliseconds: number
  /** The file that code scanning shows the findings in, relative to the repository. */
  file: string
  /** The isolation matrix of a database. */
  tables?: TableAccess[]
}

/** The values of the options that {@link withReport} adds. */
export interface ReportOptions {
  format: 'text' | 'json' | 'sarif' | 'html'
  json?: true | undefined
  strict?: true | undefined
}

/** Adds the report options of `doctor`, `check` and `init`. */
export const withReport = <Args extends unknown[], Given extends OptionValues>(command: Command<Args, Given>) =>
  command
    .addOption(
      new Option('--format <format>', 'the format of the report')
        .choices(['text', 'json', 'sarif', 'html'])
        .default('text'),
    )
    .addOption(new Option('--json', 'the same as --format json').conflicts('format'))
    .option('--strict', 'exit with 1 for warnings too')

/** Whether the report is text, so that a command may print other lines beside it. */
export const isForPeople = ({ format, json }: ReportOptions): boolean => format === 'text' && !json

/**
 * Writes a report to stdout: errors first, among them what was demonstrated.
 *
 * @returns the exit code: 1 for an error, with `strict` also for a warning
 */
export function report(io: CommandIo, given: Report, { format, json, strict }: ReportOptions): 0 | 1 {
  const print = { text: asText, json: asJson, sarif: asSarif, html: asHtml }[json ? 'json' : format]
  const findings = given.findings
    .toSorted(inOrder)
    .map((finding) => ({ ...finding, remedy: withRunner(finding.remedy, io.runner) }))
  io.stdout.write(`${print({ ...given, findings }, io)}\n`)
  return findings.some(({ level }) => strict || level === 'error') ? 1 : 0
}

const asJson = ({ file: _, ...rest }: Report): string =>
  escapedJson(JSON.stringify({ ...rest, summary: countOf(rest.findings) }, null, 2))
