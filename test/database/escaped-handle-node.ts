import { argv, stdout } from 'node:process'
import { escapedHandleCases } from './escaped-handle-cases.ts'

// A program for Node that escaped-handle-node.test.ts builds. It runs every case and prints one JSON line for each.
const [, , url = ''] = argv
for (const { name, run } of escapedHandleCases) {
  const failure = await run(url).then(
    () => undefined,
    (error: unknown) => (error instanceof Error ? error.stack : String(error)),
  )
  stdout.write(`${JSON.stringify({ name, failure })}\n`)
}
