import { createHash } from 'node:crypto'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'

const folder = join(import.meta.dir, '../../sql')
const definition = /create or replace function (tenancy\.\w+)\(([^)]*)\)([^$]*?)\bas \$\$([\s\S]*?)\$\$/g

/** The SECURITY DEFINER functions of sql/ with the SHA-256 of each body that sql/ gives them. */
async function definerFunctions(): Promise<Map<string, string[]>> {
  const found = new Map<string, string[]>()
  for (const name of (await readdir(folder)).toSorted()) {
    const sql = (await Bun.file(join(folder, name)).text()).replaceAll('\r', '')
    for (const [, name, parameters = '', options = '', body = ''] of sql.matchAll(definition)) {
      if (!options.includes('security definer')) continue
      const types = parameters.split(',').map((one) => one.trim().split(' ').slice(1).join(' ')) // without the name
      const signature = `${name}(${types.join(',')})`
      found.set(signature, [...(found.get(signature) ?? []), createHash('sha256').update(body).digest('hex')])
    }
  }
  return found
}

/** A property as Biome formats it. */
function line(name: string, values: string[]): string {
  const short = `  '${name}': [${values.join(', ')}],`
  return short.length <= 120 ? short : `  '${name}': [\n${values.map((value) => `    ${value},\n`).join('')}  ],`
}

const lines = [...(await definerFunctions())]
  .toSorted(([a], [b]) => a.localeCompare(b))
  .map(([name, hashes]) =>
    line(
      name,
      hashes.map((hash) => `'${hash}'`),
    ),
  )

/** The module of the hashes. */
export const ourHashesModule = `// Written from sql/ by test/docs/write-tables.ts. Do not edit: a test compares.

/**
 * The SECURITY DEFINER functions of sql/, with the SHA-256 of each body that sql/ gives them. With these bodies those of the serving role
 * reveal nothing about other tenants; the checks report a function with another body.
 */
export const ourHashes: Record<string, string[]> = {
${lines.join('\n')}
}
`
