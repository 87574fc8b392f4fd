import { join } from 'node:path'
import { projectChecks } from '../../src/cli/schema/project-checks.ts'
import { checks } from '../../src/isolation/index.ts'
import { codeMutations } from '../deep/mutation/code-mutations.ts'
import { databaseMutations } from '../deep/mutation/database-mutations.ts'
import { checkPage, checkPath, headingOf, levelsOf } from './check-page.ts'
import { errorPages } from './error-pages.ts'
import { type Guarantee, guarantees, type Proof, topics } from './guarantees.ts'
import { ourHashesModule } from './our-functions.ts'

/** The checks of the doctor, and those of a project's sources. */
export const allChecks = [...checks, ...projectChecks]

const testLink = ({ file, title }: Proof): string => {
  const words = title.trim().replace(/:$/, '').replaceAll(/%\w/g, '…')
  return `[${file.replace(/^test\/|\.test\.ts$/g, '')}](../${file}): ${words}`
}

const checkLink = (check: string): string => `[\`${check}\`](checks/${check}.md)`

const page = (title: string, ...parts: string[]): string =>
  `${[`# ${title}`, '<!-- Written by `bun run docs`. Do not edit: a test compares. -->', ...parts].join('\n\n')}\n`

const table = (head: string[], rows: (string | number)[][]): string =>
  [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n')

function guaranteeSection(guarantee: Guarantee): string {
  const reported = allChecks.filter((check) => check.guarantee === guarantee.number)
  const lines = guarantee.tests.map((test) => `- ${testLink(test)}`)
  if (reported.length > 0) lines.push(`- Checks: ${reported.map(({ check }) => checkLink(check)).join(' ')}`)
  return `### ${headingOf(guarantee)}\n\n${guarantee.text}\n\n${lines.join('\n')}`
}

function guaranteesPage(): string {
  const sections = Object.entries(topics).flatMap(([topic, { title, about }]) => [
    `## ${title}`,
    about,
    ...guarantees.filter((guarantee) => guarantee.topic === topic).map(guaranteeSection),
  ])
  return page(
    'Guarantees',
    'What Rowhouse guarantees about the isolation of tenants. "Foreign" means: of another tenant. The numbers are stable: code, tests and findings refer to G1, G2 and so on.',
    'Each guarantee lists the tests that fail when it is broken, and the [checks](checks/README.md) that report it in a database or a project. `bun run verify` fails when a listed test does not run or does not pass. [Mutation tests](mutations.md) prove that the tests fail when they should.',
    '`bun run verify:deep` runs the listed tests again with [tenant ids](tenant-ids.md) of type text and bigint. [each-type.ts](../test/deep/tenant-ids/each-type.ts) names the guarantees and tests for which the type does not matter, each with the reason.',
    ...sections,
  )
}

function checksPage(): string {
  const rowsOf = (list: typeof allChecks) =>
    list.map((one) => [`[\`${one.check}\`](${one.check}.md)`, `G${one.guarantee}`, levelsOf(one), one.should])
  const head = ['check', 'guarantee', 'level', 'what should hold']
  return page(
    'Checks',
    'Every id that `rowhouse doctor`, `rowhouse check` and `rowhouse init` print. A page explains why the check matters, an example, the remedy, and how the fault is found. [doctor.md](../doctor.md) describes the command, [guarantees.md](../guarantees.md) the guarantees.',
    'The SQL examples use two tenant tables, `invoices` and `customers`, and a shared table, `countries`. A test runs them: the doctor must report the example, and no longer after the remedy.',
    '## Checks of a database',
    'The doctor runs them on a live database. `rowhouse check` runs them on an in-memory PostgreSQL after all migrations, except the few that need a server. The service runs them at start-up and for `/ready`.',
    '*Elsewhere* is a database that Rowhouse did not set up: it has no function `tenancy.current_tenant_id()`, and no policy reads `app.current_tenant`. What is only a habit of Rowhouse is no error there. A table that the serving role cannot reach is at most a warning there.',
    table(head, rowsOf(checks)),
    '## Checks of a project',
    '`rowhouse init` and `rowhouse check` run these on the Drizzle schema, the SQL files and the migrations. `init` also reports some of the checks above before a database exists.',
    table(head, rowsOf(projectChecks)),
  )
}

function mutationsPage(): string {
  return page(
    'Mutation tests',
    'A mutation test proves that the suite notices a fault. [test/deep/mutation](../test/deep/mutation) applies each fault below on its own, to a migrated database or to the code, and runs one test, which must fail. `bun run verify:deep` runs the mutation tests.',
    '## Faults in a database',
    'Statements make the fault after the migration. The doctor inspects the same database and must report the check.',
    table(
      ['fault', 'guarantee', 'the test that fails', 'the check that reports it'],
      databaseMutations.map(({ fault, guarantee, test, check }) => [
        fault,
        `G${guarantee}`,
        testLink(test),
        checkLink(check),
      ]),
    ),
    '## Faults in the code',
    'A line of the code is replaced while it is loaded. The doctor cannot find such a fault, because the database is correct.',
    table(
      ['fault', 'guarantee', 'the test that fails'],
      codeMutations.map(({ fault, guarantee, test }) => [fault, `G${guarantee}`, testLink(test)]),
    ),
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

/** The pages of docs/ and the module of hashes that `bun run docs` writes, by path. */
export const tables: Record<string, string> = {
  'docs/guarantees.md': guaranteesPage(),
  'docs/mutations.md': mutationsPage(),
  'docs/checks/README.md': checksPage(),
  ...Object.fromEntries(checkPages),
  ...errorPages,
  'src/isolation/our-hashes.ts': ourHashesModule,
}
