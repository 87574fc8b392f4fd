import { styleText as style } from 'node:util'
import { type Command, Option, type OptionValues } from '@commander-js/extra-typings'
import { type Finding, inOrder } from '../../isolation/index.ts'
import type { ProcessIo } from '../io.ts'
import { asSarif } from './sarif.ts'

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

/** How a command was asked to report: what the options of {@link withReport} come to. */
export interface ReportOptions {
  format: 'text' | 'json' | 'sarif'
  json?: true | undefined
  strict?: true | undefined
}

/** Adds the options that `doctor`, `check` and `init` report with. */
export const withReport = <Args extends unknown[], Given extends OptionValues>(command: Command<Args, Given>) =>
  command
    .addOption(new Option('--format <format>', 'how to report').choices(['text', 'json', 'sarif']).default('text'))
    .addOption(new Option('--json', 'the same as --format json').conflicts('format'))
    .option('--strict', 'exit with 1 for warnings too')

/** Whether the report is for people, who are told other things beside it. */
export const isForPeople = ({ format, json }: ReportOptions): boolean => format === 'text' && !json

/**
 * Writes a report to stdout: errors first, then by guarantee and object.
 *
 * @returns the exit code: 1 when there is an error, or, strictly, anything at all
 */
export function report(io: ProcessIo, given: Report, { format, json, strict }: ReportOptions): 0 | 1 {
  const print = { text: asText, json: asJson, sarif: asSarif }[json ? 'json' : format]
  const findings = given.findings.toSorted(inOrder)
  io.stdout.write(`${print({ ...given, findings }, io)}\n`)
  return findings.some(({ level }) => strict || level === 'error') ? 1 : 0
}

/** One line a finding, then a summary. Colours where stdout is a terminal and NO_COLOR is not set. */
function asText({ subject, findings: found, milliseconds }: Report, io: ProcessIo): string {
  const styleText = hasColours(io) ? coloured : plain
  const findings = found.map((finding) => ({
    ...finding,
    object: visible(finding.object),
    problem: visible(finding.problem),
    remedy: visible(finding.remedy),
  }))
  const widest = Math.max(0, ...findings.map(({ object }) => object.length))
  const colour = { error: 'red', warning: 'yellow' } as const
  const lines = findings.map(({ level, guarantee, object, problem, remedy }) => {
    const place = `${String(guarantee).padStart(2)}  ${styleText('bold', object.padEnd(widest))}`
    return `${styleText(colour[level], level.padEnd(7))}  ${place}  ${problem}  ${styleText('dim', `→ ${remedy}`)}`
  })
  const { errors, warnings } = summaryOf(findings)
  const counted = `${errors} error${errors === 1 ? '' : 's'}, ${warnings} warning${warnings === 1 ? '' : 's'}`
  const summary = `${counted}: ${visible(subject)}, looked at in ${Math.round(milliseconds)} ms`
  const worst = findings[0]?.level
  return [...lines, ...(worst ? [''] : []), styleText(worst ? colour[worst] : 'green', summary)].join('\n')
}

type Style = Parameters<typeof style>[0]
const coloured = (format: Style, text: string): string => style(format, text, { validateStream: false })
const plain = (_format: Style, text: string): string => text

/** As https://no-color.org and https://force-color.org define it: a variable counts unless it is empty. */
const hasColours = ({ stdout, env: { FORCE_COLOR, NO_COLOR } }: ProcessIo): boolean =>
  FORCE_COLOR ? FORCE_COLOR !== '0' : !NO_COLOR && stdout.isTTY === true

/** A table's name may hold anything, also what moves a terminal's cursor or turns its text round: it is shown, not obeyed. */
const visible = (text: string): string =>
  text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (character) => {
    const code = (character.codePointAt(0) ?? 0).toString(16).padStart(2, '0')
    return short[character] ?? (code.length > 2 ? `\\u{${code}}` : `\\x${code}`)
  })

const short: Record<string, string> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }

const asJson = ({ file: _, ...rest }: Report): string =>
  JSON.stringify({ ...rest, summary: summaryOf(rest.findings) }, null, 2)

const summaryOf = (findings: Finding[]) => ({
  errors: findings.filter(({ level }) => level === 'error').length,
  warnings: findings.filter(({ level }) => level === 'warning').length,
})
