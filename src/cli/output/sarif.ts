import { createHash } from 'node:crypto'
import type { Log } from 'sarif'
import { type Check, checks, type Finding } from '../../isolation/index.ts'

/** SARIF 2.1.0 (OASIS), as code scanning reads it: it wants a file, so the database's objects are logical locations. */
export function asSarif({ findings, file }: { findings: Finding[]; file: string }): string {
  const rules = [...checks, ...beside(findings)].map(({ check, guarantee, level, should }) => ({
    id: check,
    shortDescription: { text: should },
    fullDescription: { text: `${should} Promise ${guarantee} of Rowhouse rests on it.` },
    help: {
      text: `Each result ends with what mends it. Why it matters: guarantee ${guarantee} of docs/guarantees.md.`,
    },
    defaultConfiguration: { level },
    properties: { guarantee },
  }))
  const results = findings.map(({ check, level, guarantee, object, problem, remedy }) => {
    const hash = createHash('sha256').update([check, object, problem].join('\n')).digest('hex')
    return {
      ruleId: check,
      level,
      message: { text: `${object}: ${problem}. Promise ${guarantee}. ${remedy}` },
      locations: [
        {
          physicalLocation: { artifactLocation: { uri: file }, region: { startLine: 1 } },
          logicalLocations: [{ fullyQualifiedName: object }],
        },
      ],
      // GitHub tells results apart by the first of these alone, which it would else make of the file's first line.
      partialFingerprints: { primaryLocationLineHash: hash, 'finding/v1': hash },
    }
  })
  const log: Log = {
    $schema: 'https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json',
    version: '2.1.0',
    runs: [{ tool: { driver: { name: 'rowhouse', rules } }, results }],
  }
  return JSON.stringify(log, null, 2)
}

/** Rules of what `check` and `init` compare, which are no checks of the doctor's. */
function beside(findings: Finding[]): Check[] {
  const known = new Set(checks.map(({ check }) => check))
  const others = new Map(findings.filter(({ check }) => !known.has(check)).map((finding) => [finding.check, finding]))
  return [...others.values()].map((finding) => ({ ...finding, should: 'Schema, SQL and project say the same.' }))
}
