import { describe, expect, test } from 'bun:test'
import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { guarantees } from '../../docs/guarantees.ts'
import { readJunit } from '../../verify/junit.ts'
import { unprovedBy } from '../../verify/proofs.ts'
import { isNested, runSuite } from '../engines/run-suite.ts'
import { paths, proofsFor, without, withoutTests } from './each-type.ts'

// Runs the suite with tenant ids of each other type, both at the same time. The service itself has uuids: schema.ts gives its tables
// another type, as a project would, and test/tenants.ts gives it to each test.

const folder = join(import.meta.dir, '../../../dist/verify/tenant-ids')

describe.skipIf(isNested)('the suite is green', () => {
  test.concurrent.each(['text', 'bigint'] as const)(
    'with tenant ids of type %s, and proves each guarantee that depends on it',
    async (type) => {
      mkdirSync(folder, { recursive: true })
      const report = join(folder, `${type}.xml`)
      await runSuite({
        paths,
        without: Object.keys(without),
        withoutTests: Object.keys(withoutTests[type]),
        environment: { TEST_TENANT_IDS: type, TEST_POOLER: undefined },
        config: 'test/deep/tenant-ids/bunfig.toml',
        report,
      })
      const outcomes = existsSync(report) ? readJunit(readFileSync(report, 'utf8')) : []
      expect(outcomes.length).toBeGreaterThan(3000)
      const proved = guarantees.map((guarantee) => ({ ...guarantee, tests: proofsFor(guarantee) }))
      expect(unprovedBy(outcomes, 'fast', proved)).toEqual([])
    },
    600_000, // the whole run has its own limit
  )
})
