import { createHash } from 'node:crypto'
import type { Log } from 'sarif'
import { checks, type Finding } from '../../isolation/index.ts'
import { escaped, escapedJson } from '../../text/index.ts'
import { projectChecks } from '../schema/project-checks.ts'
import { pageOf } from './groups.ts'
import { inOneLine } from './sql-text.ts'

/** A report as SARIF 2.1.0 (OASIS). Code scanning requires a file, so the database's objects are logical locations. */
export function asSarif({ findings, file }: { findings: Finding[]; file: string }): string {
  const rules = [...checks, ...projectChecks].map(({ check, guarantee, level, should }) => ({
    id: check,
    shortDescription: { text: should },
    fullDescription: { text: `${should} Guarantee G${guarantee} of Rowhouse depends on it.` },
    help: { text: `${pageOf(check)} explains ${check}. docs/guarantees.md explains guarantee G${guarantee}.` },
    defaultConfiguration: { level },
    properties: { guarantee },
  }))
  const results = findings.map(({ check, level, guarantee, object, problem, remedy }) => {
    const hash = createHash('sha256').update([check, object, problem].join('\n')).digest('hex')
    return {
      ruleId: check,
      level,
      message: {
        text: withoutLinks(
          `${object}: ${problem} (${check}, guarantee G${guarantee}). ${inOneLine(remedy)} See ${pageOf(check)}.`,
        ),
      },
      locations: [
        {
          physicalLocation: { artifactLocation: { uri: file }, region: { startLine: 1 } },
          logicalLocations: [{ fullyQualifiedName: object }],
        },
      ],
      // GitHub compares results by the first key only. Without it, GitHub hashes the first line of the file.
      partialFingerprints: { primaryLocationLineHash: hash, 'finding/v1': hash },
    }
  })
  const log: Log = {
    $schema: 'https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json',
    version: '2.1.0',
    runs: [{ tool: { driver: { name: 'rowhouse', rules } }, results }],
  }
  return escapedJson(JSON.stringify(log, null, 2))
}

/** Escapes a message in one line. A name may hold an embedded link: SARIF 2.1.0, section 3.11.6, writes it like Markdown. */
const withoutLinks = (text: string): string =>
  text.includes('](') ? escaped(text).replaceAll(/[\\[\]]/g, '\\$&') : escaped(text)
