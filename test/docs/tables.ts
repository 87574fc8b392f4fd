import { checks } from '../../src/isolation/index.ts'
import { mutations } from '../deep/mutation/mutations.ts'
import { errorPages } from './error-pages.ts'
import { guarantees } from './guarantees.ts'

const link = (file: string): string => `[${file.replace(/^test\/|\.test\.ts$/g, '')}](../${file})`

const page = (title: string, ...parts: string[]): string =>
  `${[`# ${title}`, '<!-- Written by `bun run docs`. Do not edit: a test compares. -->', ...parts].join('\n\n')}\n`

const table = (head: string[], rows: (string | number)[][]): string =>
  [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n')

function promisesPage(): string {
  const rows = guarantees.map(({ number, guarantee, tests }) => {
    const links = tests.map(({ file, title }) => `${link(file)}: ${title}`)
    const found = checks.filter((check) => check.guarantee === number).map(({ check }) => `\`${check}\``)
    return [number, guarantee, links.join('<br>') || '**still to be kept**', found.join(' ')]
  })
  const details = checks.map(({ check, guarantee, level, should }) => [`\`${check}\``, guarantee, level, should])
  return page(
    'Promises',
    'What is promised, the tests that go red when it is broken, and the checks by which `rowhouse doctor` and the start of the service see it. "Foreign" means: of another tenant.',
    table(['', 'guarantee', 'tests', 'checks of the doctor'], rows),
    '## The checks of the doctor',
    table(['check', 'guarantee', 'level', 'what should hold'], details),
  )
}

function sabotagePage(): string {
  const rows = mutations.map(({ item, guarantee, test, doctor }) => [
    item,
    guarantee,
    `${link(test.file)}: ${test.title.trim().replace(/:$/, '')}`,
    doctor ? `\`${doctor}\`` : 'no catalogue shows it',
  ])
  return page(
    'Sabotage',
    'Each of these is done, on every run of the suite, to a database or to the code under test ([test/sabotage](../test/sabotage)). The test beside it must turn red, and the doctor must say so where a catalogue shows it.',
    table(['what is broken', 'guarantee', 'the test that turns red', 'the doctor says'], rows),
  )
}

/** The pages of docs/ that are written by `bun run docs`, from what the suite runs. */
export const tables: Record<string, string> = {
  'docs/guarantees.md': promisesPage(),
  'docs/mutations.md': sabotagePage(),
  ...errorPages,
}
