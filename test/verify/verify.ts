import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { type Outcome, readJunit } from './junit.ts'
import { unprovedBy } from './proofs.ts'

// `bun run verify` runs types, lint and tests at the same time, then checks the proof of each guarantee. `bun run verify:deep` runs mutation
// tests, other engines, fault injection and properties with five times as many runs, starts on Node and superusers as owners.

const root = join(import.meta.dir, '../..')
const suite = process.argv.includes('--deep') ? 'deep' : 'fast'
/** Where the reports of the last run stay. */
const folder = join(root, 'dist/verify', suite)
const write = (text: string) => void process.stdout.write(text)

/** Runs a command of Bun. Writes its output as it comes (`isShown`), or only when it fails. */
async function succeeds(command: string[], env: Record<string, string> = {}, isShown = false): Promise<boolean> {
  const output = isShown ? 'inherit' : 'pipe'
  const child = Bun.spawn([process.execPath, ...command], {
    cwd: root,
    env: { ...process.env, ...env },
    stdout: output,
    stderr: output,
  })
  const text = await Promise.all(
    [child.stdout, child.stderr].map((stream) => (stream ? new Response(stream).text() : '')),
  )
  const isGreen = (await child.exited) === 0
  if (!isGreen && !isShown) write(`\n$ bun ${command.join(' ')}\n${text.join('')}`)
  return isGreen
}

/** Runs tests and writes their JUnit report. */
const tests = (report: string, options: string[], env: Record<string, string> = {}): Promise<boolean> =>
  succeeds(
    ['test', '--only-failures', '--reporter=junit', `--reporter-outfile=${join(folder, report)}`, ...options],
    env,
    true,
  )

/** Writes the number of tests and each guarantee that they do not prove. A skipped proof fails in CI only: elsewhere an engine may be missing. */
function isProved(...reports: string[]): boolean {
  const written = reports.map((report) => join(folder, report)).filter((path) => existsSync(path))
  const outcomes = written.flatMap((path) => readJunit(readFileSync(path, 'utf8')))
  const count = (wanted: Outcome['result']) => outcomes.filter(({ result }) => result === wanted).length
  write(`\n${count('passed')} passed, ${count('failed')} failed, ${count('skipped')} skipped\n`)
  const unproved = unprovedBy(outcomes, suite)
  for (const { guarantee, proof, reason } of unproved)
    write(`Guarantee G${guarantee} is not proved: "${proof.title}" in ${proof.file} ${reason}.\n`)
  if (written.length < reports.length) write('A run of the tests ended without a report.\n')
  return (
    written.length === reports.length &&
    unproved.every(({ reason }) => reason === 'was skipped' && process.env.CI === undefined)
  )
}

async function verify(): Promise<boolean> {
  const results = await Promise.all([
    tests('tests.xml', ['--parallel=3', '--no-isolate', '--timings=test/verify/timings.json']),
    succeeds(['x', 'tsc', '--noEmit']),
    succeeds(['x', 'biome', 'ci', '--error-on-warnings']),
  ])
  return isProved('tests.xml') && results.every(Boolean)
}

/** Folders of test/deep that have a run of their own. Those that build the package share the build of their run. */
const own = {
  packages: ['examples', 'kit', 'testing'],
  suites: ['engines', 'tenant-ids'],
  commands: ['cli'],
  pages: ['docs', 'http', 'pages'],
  clients: ['clients'],
}

async function verifyDeep(): Promise<boolean> {
  const deep = ['--config=test/deep/bunfig.toml', '--timeout=300000']
  const folders = (names: string[]) => [...deep, ...names.map((name) => `test/deep/${name}`)]
  const elsewhere = Object.values(own).flatMap((names) =>
    names.map((name) => `--path-ignore-patterns=test/deep/${name}/**`),
  )
  const repeated = [
    'test/faults',
    'test/properties',
    'test/limits',
    'test/runtime/start.test.ts',
    'test/runtime/up.test.ts',
  ]
  // The longest first, so that the lanes end at about the same time.
  const runs: [report: string, options: string[], env?: Record<string, string>][] = [
    ['packages.xml', folders(own.packages)],
    ['deep.xml', [...deep, ...elsewhere, 'test/deep']],
    ['suites.xml', folders(own.suites)],
    ['repeated.xml', repeated, { DEEP: '1' }],
    ['commands.xml', folders(own.commands)],
    ['pages.xml', folders(own.pages)],
    ['clients.xml', folders(own.clients)],
  ]
  const reports = runs.map(([report]) => report)
  const results: boolean[] = []
  async function lane(): Promise<void> {
    for (let next = runs.shift(); next; next = runs.shift()) results.push(await tests(...next))
  }
  // An installation takes as long as the network does, and faults wait for timeouts, so three run side by side.
  await Promise.all([lane(), lane(), lane()])
  return isProved(...reports) && results.every(Boolean)
}

if (process.env.TEST_DATABASE_URL) {
  write('TEST_DATABASE_URL is one server, and verify runs files in parallel: unset it, or run "bun test".\n')
  process.exit(1)
}
const start = performance.now()
rmSync(folder, { recursive: true, force: true })
mkdirSync(folder, { recursive: true })
const isGreen = await (suite === 'deep' ? verifyDeep() : verify())
write(`\n${isGreen ? 'Verified' : 'Not verified'} in ${Math.round((performance.now() - start) / 1000)} s.\n`)
process.exitCode = isGreen ? 0 : 1
