import { isAbsolute, relative } from 'node:path'
import { type Finding, isDemonstrated } from '../../isolation/index.ts'
import { packageFolder } from '../package-folder.ts'

/** Findings of one check on one object, in a group. */
export interface LikeFindings {
  level: Finding['level']
  check: string
  /** At least one. */
  findings: Finding[]
}

/** Objects that have the same findings: one paragraph of a report. */
export interface Group {
  objects: string[]
  /** The findings of the first object, by check. */
  checks: LikeFindings[]
  /** The findings of the other objects, in the same order. */
  others: Finding[][]
}

/** The number of findings, by level. */
export const countOf = (findings: readonly Finding[]) => ({
  errors: findings.filter(({ level }) => level === 'error').length,
  warnings: findings.filter(({ level }) => level === 'warning').length,
})

/** `1 error, 2 warnings`, without what there is none of. */
export function counted(findings: readonly Finding[]): string {
  const { errors, warnings } = countOf(findings)
  return [numbered(errors, 'error'), numbered(warnings, 'warning')].filter((text) => !text.startsWith('0 ')).join(', ')
}

/** `1 error`, `2 errors`. */
export const numbered = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`

/** The path of the page that explains a check: from the working folder if the package is in it, else from the package. */
export function pageOf(check: string): string {
  const page = `docs/checks/${check}.md`
  const here = relative(process.cwd(), packageFolder())
  return here === '' || here.startsWith('..') || isAbsolute(here) ? page : `${here.replaceAll('\\', '/')}/${page}`
}

/**
 * Sorts findings into paragraphs: first what was demonstrated, then the rest by object.
 *
 * @param findings errors first
 */
export function groupsOf(findings: readonly Finding[]): { demonstrated: Finding[]; groups: Group[] } {
  const demonstrated = findings.filter(isDemonstrated)
  const objects = grouped(
    findings.filter((finding) => !isDemonstrated(finding)),
    ({ object }) => object,
  )
  const alike = grouped(objects, (own) => JSON.stringify(own.map((one) => [one.level, one.check, withoutName(one)])))
  const groups = alike.map(([first = [], ...others]) => ({
    objects: [first, ...others].map(([finding]) => finding?.object ?? ''),
    checks: likeFindings(first),
    others,
  }))
  return { demonstrated, groups }
}

/** A problem without the name of its object, which the names of its keys and indexes contain. */
function withoutName({ object, problem }: Finding): string {
  const name = object.slice(object.lastIndexOf('.') + 1).replaceAll('"', '')
  return name === '' ? problem : problem.replaceAll(name, '…')
}

/** The findings by check, in the order of the first one of each. */
export const likeFindings = (findings: readonly Finding[]): LikeFindings[] =>
  grouped(findings, ({ level, check }) => `${level} ${check}`).flatMap((like) => {
    const [first] = like
    return first ? [{ level: first.level, check: first.check, findings: like }] : []
  })

/** Lists of the items with the same key, in the order of the first one. */
function grouped<T>(items: readonly T[], keyOf: (item: T) => string): T[][] {
  const lists = new Map<string, T[]>()
  for (const item of items) {
    const list = lists.get(keyOf(item))
    if (list) list.push(item)
    else lists.set(keyOf(item), [item])
  }
  return [...lists.values()]
}
