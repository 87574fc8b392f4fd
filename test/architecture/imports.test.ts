import { expect, test } from 'bun:test'
import { dirname, join, relative } from 'node:path'

// The rules of ARCHITECTURE.md, "Who may import whom". A message names the right way.

const root = join(import.meta.dir, '../..')
const files = [...new Bun.Glob('{src,db}/**/*.ts').scanSync(root)].toSorted()
const sources = new Map(
  await Promise.all(files.map(async (file) => [file, await Bun.file(join(root, file)).text()] as const)),
)
const transpiler = new Bun.Transpiler({ loader: 'ts' })

/** What a file imports, types included, which the transpiler leaves out: paths of the repository, or package names. */
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

const moduleOf = (path: string) =>
  path.match(/^src\/(tenancy|trust|limits|walls|envelope|errors|openapi|testing|middleware)\//)?.[1]
const featureOf = (path: string) => path.match(/^src\/features\/([a-z-]+)\//)?.[1]

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

test('a kit module imports only the kit modules below it: what it needs else, it is handed', () => {
  const below: Record<string, string[]> = {
    envelope: [],
    errors: ['envelope'],
    tenancy: ['errors'],
    trust: ['tenancy', 'errors'],
    limits: ['tenancy', 'errors'],
    walls: ['tenancy', 'errors'],
    openapi: ['envelope', 'errors'],
    testing: ['envelope', 'errors', 'openapi', 'tenancy', 'walls'],
  }
  const forbidden = violations((file, imported) => {
    const own = moduleOf(file)
    const allowed = own === undefined ? undefined : below[own]
    if (!own || !allowed || !/^(src|db)\//.test(imported)) return false
    const other = moduleOf(imported)
    return other !== own && !(other !== undefined && allowed.includes(other))
  })
  expect(forbidden).toEqual([])
})

test('a feature imports no other feature and no connection: what features share is a kit module or the schema', () => {
  const forbidden = violations((file, imported) => {
    const feature = featureOf(file)
    if (!feature) return false
    const other = featureOf(imported)
    return (
      (other !== undefined && other !== feature) || (imported.startsWith('db/') && !imported.startsWith('db/schema/'))
    )
  })
  expect(forbidden).toEqual([])
})

test('from outside a module its index.ts is imported', () => {
  const forbidden = violations((file, imported) => {
    const other = moduleOf(imported)
    const isEntryOnly = imported === 'src/openapi/read-docs-asset.ts' // reads files: no part of the portable kit
    return (
      other !== undefined &&
      other !== 'middleware' &&
      moduleOf(file) !== other &&
      !imported.endsWith('/index.ts') &&
      !isEntryOnly
    )
  })
  expect(forbidden).toEqual([])
})

test('only entries and the cli read the environment: everything else is handed its configuration', () => {
  expect(
    containing(/process\.env|Bun\.env|import\.meta\.env/, /^src\/(process|server|node|worker)\.ts$|^src\/cli\//),
  ).toEqual([])
})

test('only the tenant database, the wall check and the migration begin transactions: features call db.read and db.write', () => {
  expect(
    containing(
      /\bset_config\b|current_tenant'|\.begin\(|\.reserve\(|command\(/,
      /^src\/(tenancy|walls|testing)\/|^db\/migrate\.ts$/,
    ),
  ).toEqual([])
})

test('HTTP statuses of errors stand in the catalogue alone: throw an ApiError with its code', () => {
  const thrown = /HTTPException\(|\bc\.json\([^)]*,\s*[45]\d\d\)|status:\s*[45]\d\d/
  expect(containing(thrown, /^src\/errors\/catalogue\.ts$/)).toEqual([])
})

test('nothing but the Bun entry and the cli touches a Bun API: Node and Workers run the rest', () => {
  const bunApi = /\bBun\./
  expect(containing(bunApi, /^src\/server\.ts$|^src\/cli\/|^db\/embedded\.ts$/)).toEqual([])
  const imports = violations(
    (file, imported) => /^bun(:|$)/.test(imported) && !/^src\/cli\/|^db\/embedded\.ts$/.test(file),
  )
  expect(imports).toEqual([])
})

test('features bind every value: no sql.raw, no unsafe', () => {
  expect(containing(/sql\.raw|\.unsafe\(/, /^src\/(tenancy|walls)\/|^db\//)).toEqual([])
})

test('no repository names the tenant: the column default writes it, row security reads it', () => {
  const repositories = files.filter((file) => file.endsWith('/repository.ts'))
  expect(repositories.length).toBeGreaterThan(0)
  expect(repositories.filter((file) => /tenantId|tenant_id/.test(code(file)))).toEqual([])
})

test('importing the front door of the kit pulls in neither bun:test nor the service', async () => {
  const { outputs } = await Bun.build({
    entrypoints: [join(root, 'src/index.ts')],
    packages: 'external',
    target: 'bun',
  })
  const bundled = (await outputs[0]?.text()) ?? ''
  expect(bundled).toContain('// src/tenancy/tenant-database.ts')
  expect(bundled).not.toMatch(/bun:test|\/\/ src\/(features|testing|app)/)
})
