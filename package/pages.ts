import { readdir, readFile } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'

/** A page of the package. */
export interface Page {
  /** Its place in the package. */
  path: string
  text: string
}

/** The pages about the kit. The others are about the service, or about work on this repository. */
const pages = [
  'use-the-kit',
  'authentication',
  'drizzle',
  'add-a-resource',
  'lists',
  'tenant-ids',
  'testing',
  'tenants',
  'browsers-and-proxies',
  'conditional-requests',
  'migrations',
  'upgrading',
  'doctor',
  'replica',
  'retries',
  'audit-trail',
  'audit-proof',
  'trash',
  'undo',
  'changes',
  'what-happens-in-a-write',
  'backup',
  'worker',
  'guarantees',
]
const folders = ['checks', 'errors', 'decisions']

/** The files that pages link to, with their places in the package. */
async function placesOf(root: string): Promise<Map<string, string>> {
  const inFolders = folders.map(async (folder) =>
    (await readdir(join(root, 'docs', folder))).map((name) => `docs/${folder}/${name}`),
  )
  const docs = [...pages.map((name) => `docs/${name}.md`), ...(await Promise.all(inFolders)).flat()]
  const same = [...docs, 'SECURITY.md', 'CHANGELOG.md', 'LICENSE']
  return new Map([...same.map((path) => [path, path] as const), ['package/README.md', 'README.md']])
}

/** Reads the pages of the package, whose links lead to its own files. */
export async function readPages(root: string): Promise<Page[]> {
  const places = await placesOf(root)
  return await Promise.all(
    [...places].map(async ([source, path]) => {
      const text = await readFile(join(root, source), 'utf8')
      return { path, text: path.endsWith('.md') ? withLinksInside(text, source, places) : text }
    }),
  )
}

const link = /!?\[([^\]]*)\]\(([^()\s]+)\)/g
/** Links alone in parentheses, such as `([test](../test/x.ts), [why](decisions/x.md))`. */
const remark = /\s*\(((?:\[[^\]]*\]\([^()\s]+\)(?:,\s+|\s+and\s+)?)+)\)/g

/**
 * Lets the links of a page lead to the files of the package. Of a link to another file the words stay, and a remark that consists of
 * such links disappears.
 *
 * @param source the place of the page in this repository
 * @param places the places of files in the package, by those in this repository
 */
export function withLinksInside(text: string, source: string, places: ReadonlyMap<string, string>): string {
  const at = dirname(places.get(source) ?? source)
  const inside = (target: string): string | undefined => {
    if (/^([a-z]+:|#)/.test(target)) return target
    const [file = '', anchor] = target.split('#')
    const place = places.get(join(dirname(source), file))
    return place && `${relative(at, place)}${anchor === undefined ? '' : `#${anchor}`}`
  }
  const kept = text.replaceAll(remark, (found, links: string) => {
    const all = [...links.matchAll(link)]
    const staying = all.filter(([, , target = '']) => inside(target)).map(([whole]) => whole)
    if (staying.length === all.length) return found
    return staying.length === 0 ? '' : ` (${staying.join(', ')})`
  })
  return kept.replaceAll(link, (_, words: string, target: string) => {
    const place = inside(target)
    return place === undefined ? words : `[${words}](${place})`
  })
}
