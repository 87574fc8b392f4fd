import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { plugin } from 'bun'
import { z } from 'zod'

// A preload of the test that must fail: replaces lines of one file while it is loaded.

const mutation = z
  .object({ file: z.string(), lines: z.array(z.tuple([z.string(), z.string()])) })
  .parse(JSON.parse(process.env.TEST_MUTATION ?? ''))
const path = join(import.meta.dir, '../../..', mutation.file)

plugin({
  name: 'mutation',
  setup(build) {
    build.onLoad({ filter: new RegExp(`${RegExp.escape(path)}$`) }, async () => {
      let contents = await readFile(path, 'utf8')
      for (const [text, replacement] of mutation.lines) {
        if (!contents.includes(text)) throw new Error(`${mutation.file} does not contain: ${text}`)
        contents = contents.replace(text, () => replacement)
      }
      return { contents, loader: 'ts' }
    })
  },
})
