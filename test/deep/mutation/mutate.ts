import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { plugin } from 'bun'
import { z } from 'zod'

// Loaded before a test that is to go red: it hands out one file with something broken in it.

const given = z
  .object({ file: z.string(), lines: z.array(z.tuple([z.string(), z.string()])) })
  .parse(JSON.parse(process.env.TEST_MUTATION ?? ''))
const path = join(import.meta.dir, '../../..', given.file)

plugin({
  name: 'sabotage',
  setup(build) {
    build.onLoad({ filter: new RegExp(`${RegExp.escape(path)}$`) }, async () => {
      let contents = await readFile(path, 'utf8')
      for (const [line, by] of given.lines) {
        if (!contents.includes(line)) throw new Error(`${given.file} does not have: ${line}`)
        contents = contents.replace(line, () => by)
      }
      return { contents, loader: 'ts' }
    })
  },
})
