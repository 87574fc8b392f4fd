import { argv, stdout } from 'node:process'
import { escapedHandleCases } from './escaped-handle-cases.ts'

// A program for Node, built by the test beside it: runs every case and says how each went, one JSON line a case.
const [, , url = ''] = argv
for (const { name, run } of escapedHandleCases) {
  const failure = await run(url).then(
    () => undefined,
    (error: unknown) => (error instanceof Error ? error.stack : String(error)),
  )
  stdout.write(`${JSON.stringify({ name, failure })}\n`)
}
