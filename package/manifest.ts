import project from '../package.json' with { type: 'json' }

/** What the package brings along. pg's minor releases may change what the connection uses of it. */
const dependencies: Record<string, string> = {
  '@commander-js/extra-typings': '^14.0.0',
  '@hono/swagger-ui': '^0.6.1',
  ajv: '^8.20.0',
  canonicalize: '^5.1.0',
  commander: '^14.0.3',
  'csv-stringify': '^6.9.0',
  'lru-cache': '^11.5.3',
  pg: '~8.23.1',
  'pg-protocol': '~1.16.1',
}

/** What the application has in one copy. Drizzle 1.0 changes the classes that a tenant transaction extends. */
const peers: Record<string, string> = {
  '@hono/zod-openapi': '^1.1.0',
  'drizzle-orm': '^0.45.0',
  hono: '^4.10.0',
  zod: '^4.1.0',
}

/** What few applications need: a missing one is named with the command that installs it. */
const optionalPeers: Record<string, string> = {
  '@electric-sql/pglite': '^0.5.16',
  '@hono/node-server': '>=1.13.0',
  jiti: '^2.7.0',
  jose: '^6.2.10',
  'swagger-ui-dist': '^5.31.0', // the first with dark colours
  tldts: '^7.0.0',
}

/** A copy of it is in the package. Its peers are one exact version of PGlite and seven packages of extensions. */
export const socketServer = '@electric-sql/pglite-socket'

/** The manifest of the package. Its entries are those of this repository, built. */
export const manifest = {
  name: project.name,
  version: project.version,
  description: 'Keeps the tenants of a Hono and Drizzle application apart with the row-level security of PostgreSQL',
  keywords: ['multi-tenant', 'row-level-security', 'rls', 'postgresql', 'drizzle', 'hono', 'saas'],
  license: project.license,
  type: 'module',
  sideEffects: false,
  engines: { node: '>=20' },
  exports: {
    ...Object.fromEntries(Object.entries(project.exports).map(([name, source]) => [name, entry(source)])),
    './package.json': './package.json',
  },
  bin: { rowhouse: 'bin/rowhouse.js' },
  files: ['CHANGELOG.md', 'SECURITY.md', 'bin', 'docs', 'lib', 'sql'],
  dependencies,
  peerDependencies: { ...peers, ...optionalPeers },
  peerDependenciesMeta: Object.fromEntries(Object.keys(optionalPeers).map((name) => [name, { optional: true }])),
}

/** The compiled module of a source, with its types: `./src/auth/index.ts` is `./lib/auth/index.js`. */
function entry(source: string): { types: string; default: string } {
  const path = source.replace('./src/', './lib/').replace(/\.ts$/, '')
  return { types: `${path}.d.ts`, default: `${path}.js` }
}
