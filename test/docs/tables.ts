import { join } from 'node:path'
import { projectChecks } from '../../src/cli/schema/project-checks.ts'
import { checks } from '../../src/isolation/index.ts'
import { mutations } from '../deep/mutation/mutations.ts'
import { checkPage, checkPath } from './check-page.ts'
import { errorPages } from './error-pages.ts'
import { guarantees } from './guarantees.ts'

/** The checks of the doctor, and those of a project's sources. */
export const allChecks = [...checks, ...projectChecks]

const link = (file: string): string => `[${file.replace(/^test\/|\.test\.ts$/g, '')}](../${file})`

const page = (title: string, ...parts: string[]): string =>
  `${[`# ${title}`, '<!-- Written by `bun run docs`. Do not edit: a test compares. -->', ...parts].join('\n\n')}\n`

const table = (head: string[], rows: (string | number)[][]): string =>
  [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n')

function guaranteesPage(): string {
  const rows = guarantees.map(({ number, guarantee, tests }) => {
    const links = tests.map(({ file, title }) => `${link(file)}: ${title}`)
    const found = allChecks.filter((check) => check.guarantee === number)
    const pages = found.map(({ check }) => `[\`${check}\`](checks/${check}.md)`)
    return [`G${number}`, guarantee, links.join('<br>') || '**no test yet**', pages.join(' ')]
  })
  return page(
    'Guarantees',
    'Each guarantee with the tests that fail when it is broken, and the checks that report it in a database or a project. "Foreign" means: of another tenant. [Every check has a page](checks/README.md).',
    table(['', 'guarantee', 'tests', 'checks'], rows),
  )
}

function checksPage(): string {
  const rowsOf = (list: typeof allChecks) =>
    list.map(({ check, guarantee, level, should }) => [`[\`${check}\`](${check}.md)`, `G${guarantee}`, level, should])
  const head = ['check', 'guarantee', 'level', 'what should hold']
  return page(
    'Checks',
    'Every id that `rowhouse doctor`, `rowhouse check` and `rowhouse init` print. A page explains why the check matters, an example, the remedy, and how the fault is found. [doctor.md](../doctor.md) describes the command, [guarantees.md](../guarantees.md) the guarantees.',
    'The SQL examples use two tenant tables, `invoices` and `customers`, and a shared table, `countries`. A test runs them: the doctor must report the example, and no longer after the remedy.',
    '## Checks of a database',
    'The doctor runs them on a live database. `rowhouse check` runs them on an in-memory PostgreSQL after all migrations, except the few that need a server. The service runs them at start-up and for `/ready`.',
    table(head, rowsOf(checks)),
    '## Checks of a project',
    '`rowhouse init` and `rowhouse check` run these on the Drizzle schema, the SQL files and the migrations. `init` also reports some of the checks above before a database exists.',
    table(head, rowsOf(projectChecks)),
  )
}

function mutationsPage(): string {
  const rows = mutations.map(({ item, guarantee, test, doctor }) => [
    item,
    `G${guarantee}`,
    `${link(test.file)}: ${test.title.trim().replace(/:$/, '')}`,
    doctor ? `[\`${doctor}\`](checks/${doctor}.md)` : 'not visible in the catalogue',
  ])
  return page(
    'Mutation tests',
    '[test/deep/mutation](../test/deep/mutation) applies each of these faults to a database or to the code under test. The named test must fail, and the doctor must report the check if the catalogue shows the fault.',
    table(['fault', 'guarantee', 'the test that fails', 'the check that reports it'], rows),
  )
}

const present = async (path: string): Promise<string> => {
  const file = Bun.file(join(import.meta.dir, '../..', path))
  return (await file.exists()) ? await file.text() : ''
}

const checkPages = await Promise.all(
  allChecks.map(async (check) => {
    const path = checkPath(check.check)
    return [path, checkPage(check, await present(path))] as const
  }),
)

/** The pages of docs/ that `bun run docs` writes, by path. */
export const tables: Record<string, string> = {
  'docs/guarantees.md': guaranteesPage(),
  'docs/mutations.md': mutationsPage(),
  'docs/checks/README.md': checksPage(),
  ...Object.fromEntries(checkPages),
  ...errorPages,
}
