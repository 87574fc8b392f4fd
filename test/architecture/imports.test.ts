import { expect, test } from 'bun:test'
import { dirname, join, relative } from 'node:path'

// The rules of ARCHITECTURE.md, "Who may import whom". A title contains the right way.

const root = join(import.meta.dir, '../..')
const files = [...new Bun.Glob('{src,db}/**/*.ts').scanSync(root)].toSorted()
const sources = new Map(
  await Promise.all(files.map(async (file) => [file, await Bun.file(join(root, file)).text()] as const)),
)
const transpiler = new Bun.Transpiler({ loader: 'ts' })

/** Returns what a file imports: paths of the repository, or package names. Includes types, which the transpiler does not report. */
function importsOf(file: string): string[] {
  const source = sources.get(file) ?? ''
  const typeImports = [...source.matchAll(/^(?:import|export) (?:type )?[^'"]*? from '([^']+)'/gm)].map(
    (match) => match[1] ?? '',
  )
  const found = new Set([
    ...typeImports,
    ...transpiler.scanImports(source.replace(/^#!.*/, '')).map(({ path }) => path),
  ])
  return [...found].map((path) => (path.startsWith('.') ? relative(root, join(root, dirname(file), path)) : path))
}

/** The folders of the kit, and the kit folders that each may import. */
const kit: Record<string, string[]> = {
  text: [],
  http: ['text'],
  envelope: ['http', 'text'],
  errors: ['envelope', 'text'],
  context: ['errors', 'text'],
  database: ['context', 'errors', 'text'],
  auth: ['context', 'database', 'errors', 'text'],
  resolution: ['context', 'database', 'errors', 'http', 'text'],
  directory: ['resolution', 'envelope', 'context', 'database', 'errors', 'text'],
  idempotency: ['context', 'database', 'envelope', 'errors', 'text'],
  conditions: ['context', 'database', 'errors', 'text'],
  limits: ['context', 'envelope', 'errors', 'text'],
  openapi: ['context', 'envelope', 'errors', 'text'],
  lists: ['context', 'database', 'envelope', 'errors', 'openapi', 'text'],
  audit: ['context', 'database', 'envelope', 'errors', 'idempotency', 'lists', 'openapi', 'text', 'worker'],
  trash: ['lists', 'conditions', 'openapi', 'context', 'database', 'envelope', 'errors', 'text'],
  isolation: ['context', 'database', 'errors', 'text'],
  migrate: ['context', 'database', 'isolation', 'errors'],
  worker: ['database', 'errors', 'text'],
  testing: ['envelope', 'errors', 'openapi', 'context', 'database', 'isolation', 'migrate', 'text'],
}
/** The other folders, and what each may import in addition to the kit. */
const others: Record<string, string[]> = {
  'db/schema': [],
  db: ['db/schema'],
  service: ['db/schema'],
  runtime: ['service', 'db', 'db/schema'],
  cli: ['service', 'db', 'db/schema'],
}

/** Returns the folder as the rules name it, such as `database`, `service` or `db/schema`; `src` for a file directly in src. */
function folderOf(path: string): string {
  if (path.startsWith('db/schema/')) return 'db/schema'
  if (path.startsWith('db/')) return 'db'
  return path.match(/^src\/([a-z]+)\//)?.[1] ?? 'src'
}
const featureOf = (path: string) => path.match(/^src\/service\/features\/([a-z-]+)\//)?.[1]
const isSource = (path: string) => sources.has(path)

/** Every import that a rule forbids, as "file → import". */
const violations = (forbidden: (file: string, imported: string) => boolean): string[] =>
  files.flatMap((file) =>
    importsOf(file)
      .filter((imported) => forbidden(file, imported))
      .map((imported) => `${file} → ${imported}`),
  )

/** Every file that a rule forbids to contain a text. */
const containing = (text: RegExp, allowed: RegExp): string[] =>
  files.filter((file) => !allowed.test(file) && text.test(code(file)))
const code = (file: string) => (sources.get(file) ?? '').replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '')

test('src contains folders and the index of the kit: a new file belongs in one of the folders', () => {
  const known = [...Object.keys(kit), ...Object.keys(others)]
  expect(files.filter((file) => file !== 'src/index.ts' && !known.includes(folderOf(file)))).toEqual([])
})

test('the index of the kit exports only kit folders', () => {
  const outside = importsOf('src/index.ts').filter((imported) => !Object.hasOwn(kit, folderOf(imported)))
  expect(outside).toEqual([])
})

test('a kit folder imports only the kit folders below it: pass what else it needs as an argument', () => {
  const forbidden = violations((file, imported) => {
    const allowed = kit[folderOf(file)]
    const other = folderOf(imported)
    return allowed !== undefined && isSource(imported) && other !== folderOf(file) && !allowed.includes(other)
  })
  expect(forbidden).toEqual([])
})

test('the service imports neither runtime nor cli: pass what it needs as an argument', () => {
  const forbidden = violations((file, imported) => {
    const own = folderOf(file)
    const other = folderOf(imported)
    const allowed = others[own]
    if (allowed === undefined || !isSource(imported) || other === own || Object.hasOwn(kit, other)) return false
    return !allowed.includes(other)
  })
  expect(forbidden).toEqual([])
})

test('the schema imports only context', () => {
  const forbidden = violations(
    (file, imported) =>
      folderOf(file) === 'db/schema' && isSource(imported) && !['db/schema', 'context'].includes(folderOf(imported)),
  )
  expect(forbidden).toEqual([])
})

test('a feature imports no other feature and no connection: move what features share into a kit folder or the schema', () => {
  const forbidden = violations((file, imported) => {
    const feature = featureOf(file)
    if (!feature) return false
    const other = featureOf(imported)
    return (other !== undefined && other !== feature) || folderOf(imported) === 'db' || imported === 'pg'
  })
  expect(forbidden).toEqual([])
})

test('code outside a kit folder imports only its index.ts, and other kit folders its internal.ts too', () => {
  const forbidden = violations(
    (file, imported) =>
      Object.hasOwn(kit, folderOf(imported)) &&
      folderOf(file) !== folderOf(imported) &&
      imported !== `src/${folderOf(imported)}/index.ts` &&
      !(Object.hasOwn(kit, folderOf(file)) && imported === `src/${folderOf(imported)}/internal.ts`),
  )
  expect(forbidden).toEqual([])
})

test('no file imports itself along a chain of imports, types included: move what both need into a third file', () => {
  expect(cyclesAmong(new Map(files.map((file) => [file, importsOf(file).filter(isSource)])))).toEqual([])
})

test('the search for cycles finds a cycle', () => {
  const graph = new Map([
    ['a', ['b']],
    ['b', ['c']],
    ['c', ['a']],
    ['d', ['a']],
  ])
  expect(cyclesAmong(graph)).toEqual(['a → b → c → a'])
})

/** Returns each cycle once, as "a → b → a". */
function cyclesAmong(graph: Map<string, string[]>): string[] {
  const cycles: string[] = []
  const done = new Set<string>()
  const visit = (file: string, path: string[]): void => {
    const start = path.indexOf(file)
    if (start >= 0) cycles.push([...path.slice(start), file].join(' → '))
    if (start >= 0 || done.has(file)) return
    for (const imported of graph.get(file) ?? []) visit(imported, [...path, file])
    done.add(file)
  }
  for (const file of graph.keys()) visit(file, [])
  return cycles
}

test('only runtime, cli and unverified() read the environment: other folders receive their configuration', () => {
  // unverified() must refuse production also where nobody passes it the environment.
  const allowed = /^src\/(runtime|cli)\/|^src\/context\/unverified\.ts$/
  expect(containing(/process\.env|Bun\.env|import\.meta\.env/, allowed)).toEqual([])
})

test('only database and migrate begin transactions or name the tenant’s settings: features call db.read and db.write', () => {
  // isolation and testing set the tenant in transactions that they roll back, to inspect which rows it shows. The
  // recorder of the home page passes on what the database sends.
  expect(
    containing(
      /\bset_config\b|current_tenant'|\.begin\(|\.reserve\(|command\(/,
      /^src\/(?:(?:database|migrate|isolation|testing)\/|service\/home\/recorded-statements\.ts$)/,
    ),
  ).toEqual([])
})

test('only the catalogue contains HTTP statuses of errors: throw an ApiError with its code', () => {
  const thrown = /HTTPException\(|\bc\.json\([^)]*,\s*[45]\d\d\)|status:\s*[45]\d\d/
  expect(containing(thrown, /^src\/errors\/catalogue\.ts$/)).toEqual([])
})

test('only the Bun entry and the embedded database use Bun’s APIs: Node runs the commands and the kit too', () => {
  const allowed = /^src\/runtime\/bun\.ts$|^db\/embedded\.ts$/
  expect(containing(/\bBun\./, allowed)).toEqual([])
  expect(violations((file, imported) => /^bun(:|$)/.test(imported) && !allowed.test(file))).toEqual([])
})

test('features bind every value: no sql.raw, no unsafe', () => {
  expect(containing(/sql\.raw|\.unsafe\(/, /^src\/(database|isolation)\/|^db\//)).toEqual([])
})

test('no repository contains the tenant: the column default writes it, and policies compare it', () => {
  const repositories = files.filter((file) => file.endsWith('/repository.ts'))
  expect(repositories.length).toBeGreaterThan(0)
  expect(repositories.filter((file) => /tenantId|tenant_id/.test(code(file)))).toEqual([])
})

test('the index of the kit loads neither bun:test nor the service', async () => {
  const { outputs } = await Bun.build({
    entrypoints: [join(root, 'src/index.ts')],
    packages: 'external',
    target: 'bun',
  })
  const bundled = (await outputs[0]?.text()) ?? ''
  expect(bundled).toContain('// src/database/tenant-database.ts')
  expect(bundled).not.toMatch(/bun:test|\/\/ src\/(service|testing|runtime|cli)/)
})
