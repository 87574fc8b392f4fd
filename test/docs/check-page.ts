import type { Check } from '../../src/isolation/index.ts'
import { type Guarantee, guarantees } from './guarantees.ts'

/** The sections of a check's page that people write. `bun run docs` keeps them. */
export const sections = [
  'Why it matters',
  'Example',
  'Remedy',
  'How it is found',
  "In PostgreSQL's documentation",
] as const

export const checkPath = (check: string): string => `docs/checks/${check}.md`

/** The level of a check, and its level in a database that Rowhouse did not set up. */
export function levelsOf({ level, elsewhere, elsewhereOnly }: Check): string {
  if (elsewhere === undefined) return level
  const other = elsewhere === 'none' ? 'not reported' : elsewhere
  return `${level}; elsewhere ${elsewhereOnly ? `${level} or ${other}` : other}`
}

/** The heading of a guarantee in docs/guarantees.md. */
export const headingOf = ({ number, title }: Guarantee): string => `G${number}: ${title}`

/** The fragment that GitHub gives a heading. */
const fragmentOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replaceAll(/[^\w -]/g, '')
    .replaceAll(' ', '-')

/**
 * The page of a check: a head from its declaration, and the written sections of the present page.
 *
 * @param present the present text of the page; empty for a new check
 */
export function checkPage(declared: Check, present: string): string {
  const { check, guarantee, should } = declared
  const start = present.indexOf(`## ${sections[0]}\n`)
  const written = start === -1 ? sections.map((title) => `## ${title}\n`).join('\n') : present.slice(start)
  const guaranteed = guarantees.find(({ number }) => number === guarantee)
  if (!guaranteed) throw new Error(`${check} belongs to G${guarantee}, which test/docs/guarantees.ts does not have`)
  return `# ${check}

<!-- \`bun run docs\` writes this part. The sections below are written by hand. -->

**${should}**

| level | guarantee |
| --- | --- |
| ${levelsOf(declared)} | [G${guarantee}](../guarantees.md#${fragmentOf(headingOf(guaranteed))}): ${guaranteed.text} |

${written}`
}

/** The text of one section, without its title. */
export function sectionOf(page: string, title: (typeof sections)[number]): string {
  const [, text = ''] = page.split(`\n## ${title}\n`)
  return (text.split('\n## ')[0] ?? '').trim()
}
