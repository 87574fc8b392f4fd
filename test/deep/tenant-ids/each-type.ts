import type { Guarantee, Proof } from '../../docs/guarantees.ts'

/** What runs with each type of tenant ids, as files and folders. */
export const paths = [
  ...['audit', 'auth', 'conditions', 'context', 'database', 'db', 'directory', 'errors', 'idempotency', 'injection'],
  ...['limits', 'lists', 'properties', 'recorded', 'resolution', 'service/contract.test.ts'],
  ...['service/http', 'service/middleware', 'service/permissions.test.ts', 'testing', 'trash', 'worker'],
].map((path) => `test/${path}`)

const values = 'reads and writes columns that are no tenant column'
const tools = 'takes long, and tests options and shapes of what the other files of its folder test with each type'
const service = 'starts the service, whose ids are uuids'

/** Files of these folders that run with uuids alone, as globs, each with the reason. */
export const without = {
  'test/audit/{export,export-streams,tree,proofs,verify-export,leaf,checkpoint}.test.ts': values,
  'test/auth/keys.test.ts': 'verifies signatures of tokens',
  'test/auth/providers.test.ts': 'its directory of tenants gives uuids to the organizations of its tokens',
  'test/database/connection*.test.ts': 'connects, without a tenant or with a URL that is wrong',
  'test/database/escaped-handle*.test.ts': 'takes long, and is about the end of a transaction instead of its tenant',
  'test/database/named-statements.test.ts': 'counts what a connection has parsed',
  'test/database/parameters.test.ts': values,
  'test/database/relational-values.test.ts': values,
  'test/database/replica/**': 'starts servers of its own, and compares positions in their log instead of tenants',
  'test/database/retry.test.ts': 'repeats a transaction by the code of its error',
  'test/database/text-formats.test.ts': values,
  'test/database/values.test.ts': values,
  'test/lists/*.test.ts': values,
  'test/lists/cases/{declared,filters,filters-together,orders,plans,plans-of-mixed-orders,types}.test.ts': values,
  'test/recorded/facts.test.ts': values,
  'test/testing/contract-shapes.test.ts': tools,
  'test/testing/isolation-broken.test.ts': tools,
}

const migrates = 'migrates after each fault, which takes long. test/tenant-ids/isolation.test.ts checks each type'
const before = 'the release before had uuids alone'

/** Titles of tests that do not run with a type, each with the reason. */
export const withoutTests = {
  text: {
    'the isolation check of': migrates,
    'of the release before still gives its tenant': before,
    'upper and lower case are the same tenant': 'they are two tenants',
    'matches an id in any letter case': 'another letter case is another tenant',
    'a label that is no id is malformed': 'every label of a host name is an id',
  },
  bigint: {
    'the isolation check of': migrates,
    'of the release before still gives its tenant': before,
    'accepts every version and variant of UUID': 'a uuid is no id',
    'sends no query for an id as a slug': 'a number can be a slug',
  },
}

/** Other proofs that run with uuids alone, by their file or title, each with the reason. */
export const elsewhere: Record<string, string> = {
  'reports a recorder with a member': migrates,
  'test/architecture/imports.test.ts': 'reads the text of the code',
  'test/cli/commands/doctor.test.ts': 'runs a command for this repository, whose ids are uuids',
  'test/deep/directory/tenant-ids.test.ts': 'tests directories with ids of each type itself',
  'test/deep/http/browser-cache.test.ts': 'starts a browser, whose cache compares texts',
  'test/deep/properties/broken-filters.test.ts': 'breaks the app, to see that the properties find it',
  'test/deep/database/side-by-side-faults.test.ts': 'repeats test/database/side-by-side-faults.test.ts for longer',
  'test/faults/under-load.test.ts': 'takes long. test/database/side-by-side-faults.test.ts has faults with each type',
  'test/deep/audit/database.test.ts':
    'a tenant is a text in each hash. test/recorded/positions.test.ts has leaves of each type',
  'test/deep/isolation/recording.test.ts': migrates,
  'test/isolation/doctor.test.ts': 'inspects a database without our functions, where uuid is the only known type',
  'test/runtime/auth.test.ts': service,
  'test/runtime/log.test.ts': service,
  'test/runtime/noisy-tenant.test.ts': service,
  'test/deep/runtime/workers.test.ts': service,
}

/** Why the type of tenant ids does not matter, by the number of a guarantee. The proofs of the others run with each type. */
export const anyType: Record<number, string> = {
  7: 'A handle ends with its transaction, whatever tenant the transaction has.',
  11: 'The privileges of a role do not depend on the type of a column.',
  15: 'A view or a function bypasses policies whatever they compare.',
  16: 'A setting is a text, and a preset one is a finding whatever it says.',
  18: 'Limits of a role are times and numbers of connections.',
  19: 'The release of a server is no data of a tenant.',
  20: 'Findings stop a start whatever they are. G12, G13, G14 and G17 say that they are found.',
  23: 'The rule is about the text of the code.',
  27: 'A migration inspects what it made. G12 says that the inspection finds each type.',
  28: 'Engines run the suite with uuids, and each type runs it on one engine.',
  30: 'An identity is frozen whatever it says.',
  31: 'What a column holds does not depend on the tenant column. test/tenant-ids/isolation.test.ts reads ids of each type.',
  32: 'What is refused is an option that is missing, or a login.',
  34: 'Origins are compared, and no tenant.',
  35: 'What a header says is trusted or not, whatever it says.',
  36: 'The demo belongs to the service, whose ids are uuids.',
}

const runs = ({ file, title }: Proof): boolean =>
  paths.some((path) => file === path || file.startsWith(`${path}/`)) && reasonFor({ file, title }) === undefined

/** Why a proof runs with uuids alone; undefined for one that runs with each type. */
export const reasonFor = ({ file, title }: Proof): string | undefined =>
  elsewhere[file] ??
  elsewhere[title] ??
  Object.entries(without).find(([pattern]) => new Bun.Glob(pattern).match(file))?.[1]

/** The proofs of a guarantee that run with each type; none where the type does not matter. */
export const proofsFor = ({ number, tests }: Guarantee): Proof[] => (number in anyType ? [] : tests.filter(runs))
