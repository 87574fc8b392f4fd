import { styleText as style } from 'node:util'
import type { Finding, TableAccess } from '../../isolation/index.ts'
import { escaped } from '../../text/index.ts'
import type { ProcessIo } from '../io.ts'
import { counted, countOf, type Group, groupsOf, type LikeFindings, likeFindings, numbered, pageOf } from './groups.ts'
import { inOneLine } from './sql-text.ts'
import { writesPart } from './writes.ts'

/** The most objects and remedies that a paragraph of several objects lists. */
const shownMax = 3

/**
 * A report for people: what was demonstrated, a paragraph for each object, the checks with their pages, what the database keeps of a write,
 * and a summary. Coloured when stdout is a terminal and NO_COLOR is not set.
 */
export function asText(
  {
    subject,
    findings,
    milliseconds,
    tables = [],
  }: { subject: string; findings: Finding[]; milliseconds: number; tables?: TableAccess[] },
  io: ProcessIo,
): string {
  const paint = hasColours(io) ? coloured : plain
  const { demonstrated, groups } = groupsOf(findings)
  const { errors, warnings } = countOf(findings)
  const seconds = `inspected in ${Math.round(milliseconds)} ms`
  const summary = `${numbered(errors, 'error')}, ${numbered(warnings, 'warning')}: ${escaped(subject)}, ${seconds}`
  const worst = findings[0]?.level
  const writes = writesPart(tables)
  const paragraphs = [
    ...(demonstrated.length > 0 ? [demonstratedPart(demonstrated, paint)] : []),
    ...groups.map((group) => paragraph(group, paint)),
    ...(findings.length > 0 ? [pagesPart(findings, paint)] : []),
    ...(writes.length > 0 ? [writes.join('\n')] : []),
    paint(worst ? colours[worst] : 'green', summary),
  ]
  return paragraphs.join('\n\n')
}

function demonstratedPart(findings: Finding[], paint: Paint): string {
  const title = paint('bold', 'Demonstrated: the check ran a query and saw it')
  const named = findings.map((finding) => ({ ...finding, problem: `${finding.object}: ${finding.problem}` }))
  return [title, ...likeFindings(named).map((like) => linesOf(like, [], paint))].join('\n')
}

function paragraph({ objects, checks, others }: Group, paint: Paint): string {
  const shown = objects.slice(0, shownMax).map(escaped)
  const names = [...shown, ...more(objects.length - shown.length)].join(', ')
  const count = `${counted(checks.flatMap(({ findings }) => findings))}${objects.length > 1 ? ' each' : ''}`
  const lines = checks.map((like) => {
    const alike = others.map((own) => own.filter(({ check }) => check === like.check))
    return linesOf(like, alike, paint)
  })
  return [`${paint('bold', names)}: ${count}`, ...lines].join('\n')
}

/** A line for each problem and each remedy, the level and the check only once. */
function linesOf({ level, check, findings }: LikeFindings, others: Finding[][], paint: Paint): string {
  const many = findings.length > 1 ? ` (${findings.length})` : ''
  const lines = findings.flatMap(({ problem, remedy }, index) => {
    const alike = [remedy, ...others.map((own) => own[index]?.remedy ?? '')]
    const remedies = [...new Set(alike)].filter((one) => one !== findings[index + 1]?.remedy)
    const arrows = remedies.slice(0, shownMax).map((one) => paint('dim', `→ ${escaped(inOneLine(one))}`))
    const rest = more(remedies.length - arrows.length).map((text) => `→ ${text}: --format json lists them`)
    return [escaped(problem), ...[...arrows, ...rest].map((line) => `  ${line}`)]
  })
  const head = `  ${paint(colours[level], level.padEnd('warning'.length))}  ${check}${many}`
  return [head, ...lines.map((line) => `    ${line}`)].join('\n')
}

/** How often each check found something, and where it is explained. */
function pagesPart(findings: Finding[], paint: Paint): string {
  const rows = likeFindings(findings).map(({ level, check, findings: like }) => ({
    count: numbered(like.length, level),
    level,
    page: pageOf(check),
  }))
  const width = Math.max(...rows.map(({ count }) => count.length))
  return rows.map(({ count, level, page }) => `${paint(colours[level], count.padEnd(width))}  ${page}`).join('\n')
}

const more = (count: number): string[] => (count > 0 ? [`and ${count} more`] : [])

const colours = { error: 'red', warning: 'yellow' } as const
type Style = Parameters<typeof style>[0]
type Paint = (format: Style, text: string) => string
const coloured: Paint = (format, text) => style(format, text, { validateStream: false })
const plain: Paint = (_format, text) => text

/** As https://no-color.org and https://force-color.org define it: a variable counts unless it is empty. */
const hasColours = ({ stdout, env: { FORCE_COLOR, NO_COLOR } }: ProcessIo): boolean =>
  FORCE_COLOR ? FORCE_COLOR !== '0' : !NO_COLOR && stdout.isTTY === true
