import { html as template } from 'hono/html'
import type { HtmlEscapedString } from 'hono/utils/html'
import { type AccessState, checks, type Finding, type TableAccess } from '../../isolation/index.ts'
import { escaped } from '../../text/index.ts'
import { projectChecks } from '../schema/project-checks.ts'
import { counted, countOf, type Group, groupsOf, type LikeFindings, likeFindings, numbered, pageOf } from './groups.ts'
import { styles } from './html-styles.ts'
import { inOneLine } from './sql-text.ts'

/** Escapes every value that is no HTML itself. */
const html = (strings: TemplateStringsArray, ...values: unknown[]): HtmlEscapedString =>
  template(strings, ...values) as HtmlEscapedString // a promise only when a value is one

/** A report as one page that requests nothing: findings, the isolation matrix, and what each check is about. */
export function asHtml(report: {
  subject: string
  findings: Finding[]
  milliseconds: number
  tables?: TableAccess[] | undefined
}): string {
  const { subject, findings, milliseconds, tables = [] } = report
  const { demonstrated, groups } = groupsOf(findings)
  const { errors, warnings } = countOf(findings)
  const verdict = errors > 0 ? 'error' : warnings > 0 ? 'warning' : 'sound'
  return String(html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="color-scheme" content="light dark">
<title>Tenant isolation: ${escaped(subject)}</title>
<style>${styles}</style>
</head>
<body>
<header>
<h1>Tenant isolation</h1>
<p class="subject">${escaped(subject)}</p>
<p class="verdict ${verdict}">${numbered(errors, 'error')}, ${numbered(warnings, 'warning')}</p>
<p class="about">Inspected in ${Math.round(milliseconds)} ms.${findings.length === 0 ? ' Nothing to report.' : ''}</p>
</header>
<main>
${demonstrated.length > 0 && demonstratedSection(demonstrated)}
${tables.length > 0 && matrixSection(tables)}
${groups.length > 0 && html`<section><h2>Findings</h2>${groups.map(groupArticle)}</section>`}
${findings.length > 0 && checksSection(findings)}
</main>
</body>
</html>`)
}

const demonstratedSection = (findings: Finding[]) => html`<section class="demonstrated">
<h2>Demonstrated</h2>
<p>The check ran a query and saw it.</p>
${likeFindings(findings).map((like) => likePart(like, true))}
</section>`

function groupArticle({ objects, checks: found, others }: Group) {
  const [first = ''] = objects
  const count = `${counted(found.flatMap(({ findings }) => findings))}${objects.length > 1 ? ' each' : ''}`
  const title = objects.length > 1 ? `${escaped(first)} and ${objects.length - 1} more` : escaped(first)
  return html`<article>
<h3>${title} <small>${count}</small></h3>
${objects.length > 1 && html`<details><summary>All ${objects.length}</summary><p class="names">${objects.map(escaped).join(', ')}</p></details>`}
${found.map((like) => likePart(like, false))}
${others.length > 0 && html`<details><summary>Remedies of the others</summary>${others.flat().map(({ remedy }) => remedyPart(remedy))}</details>`}
</article>`
}

const likePart = ({ level, check, findings }: LikeFindings, isNamed: boolean) => html`<div class="like">
<p><span class="level ${level}">${level}</span> ${checkLink(check)}${findings.length > 1 && ` × ${findings.length}`}</p>
${findings.map(
  (
    { object, problem, remedy },
    index,
  ) => html`<p class="problem">${isNamed && html`<b>${escaped(object)}</b> `}${escaped(problem)}</p>
${remedy !== findings[index + 1]?.remedy && remedyPart(remedy)}`,
)}
</div>`

function remedyPart(remedy: string) {
  const text = escaped(inOneLine(remedy))
  return /;( -- .*)?$/.test(text) ? html`<pre><code>${text}</code></pre>` : html`<p class="remedy">→ ${text}</p>`
}

const checkLink = (check: string) => html`<a href="#${check}"><code>${check}</code></a>`

const columns = { select: 'SELECT', insert: 'INSERT', update: 'UPDATE', delete: 'DELETE' } as const
const states: Record<AccessState, [mark: string, meaning: string]> = {
  leaks: ['✗', 'a tenant reaches rows of others'],
  'not proved': ['?', 'the check cannot judge it, and a query that returns nothing is no proof: test it'],
  tried: ['✓', 'policies keep tenants apart, and a query reached no row of others'],
  protected: ['✓', 'privileges and policies keep tenants apart; the check ran nothing, because it only reads'],
}

function matrixSection(tables: TableAccess[]) {
  const order = Object.keys(states)
  const worst = (table: TableAccess) => Math.min(...accesses(table).map(([, { state }]) => order.indexOf(state)))
  const rows = tables.toSorted((a, b) => worst(a) - worst(b) || a.table.localeCompare(b.table))
  const total = (state: string) => tables.flatMap(accesses).filter(([, access]) => access.state === state).length
  return html`<section>
<h2>Isolation matrix</h2>
<ul class="legend">${Object.entries(states).map(
    ([state, [mark, meaning]]) =>
      html`<li><span class="state ${classOf(state)}">${mark} ${state}</span> ${total(state)} · ${meaning}</li>`,
  )}</ul>
<table>
<thead><tr><th scope="col">${numbered(tables.length, 'relation')}</th>${Object.values(columns).map((title) => html`<th scope="col">${title}</th>`)}</tr></thead>
<tbody>
${rows.map(
  (table) => html`<tr><th scope="row">${escaped(table.table)}</th>${accesses(table).map(
    ([command, { state, why }]) =>
      html`<td data-command="${columns[command]}" title="${escaped(why)}"><span class="state ${classOf(state)}">${states[state][0]} ${state}</span>${needsReason(state) && html`<small>${escaped(why)}</small>`}</td>`,
  )}</tr>
`,
)}</tbody>
</table>
</section>`
}

const accesses = (table: TableAccess) =>
  (Object.keys(columns) as (keyof typeof columns)[]).map((column) => [column, table[column]] as const) // its own keys
const classOf = (state: string): string => state.replace(' ', '-')
const needsReason = (state: AccessState): boolean => state === 'leaks' || state === 'not proved'

const checksSection = (findings: Finding[]) => html`<section>
<h2>Checks</h2>
<p>Each check has a page in the package, with its reasons, an example and the remedy.</p>
${[...new Set(findings.map(({ check }) => check))].map((check) => {
  const like = findings.filter((finding) => finding.check === check)
  const declared = [...checks, ...projectChecks].find((one) => one.check === check)
  return html`<article id="${check}">
<h3><code>${check}</code> <small>${counted(like)}</small></h3>
<p>${declared?.should}</p>
<p class="about">${pageOf(check)} · guarantee G${declared?.guarantee}</p>
</article>
`
})}
</section>`
