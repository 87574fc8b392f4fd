// `bun run build:worker`: bundles src/worker.ts for Cloudflare Workers into dist/worker.js.

const built = await Bun.build({
  entrypoints: [`${import.meta.dir}/../worker.ts`],
  outdir: `${import.meta.dir}/../../dist`,
  target: 'node', // pg requires Node's modules, which nodejs_compat has
  conditions: ['workerd'],
  define: { 'import.meta.url': '"file:///worker.js"' }, // workerd has none; createRequire wants one
  external: ['cloudflare:*', 'node:*'],
  minify: { syntax: true, whitespace: true }, // identifiers stay: they are the names in a stack trace
})
for (const { path, size } of built.outputs) console.log(`${path} ${Math.ceil(size / 1024)} KiB`)
