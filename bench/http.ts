import { resolve } from 'node:path'
import { Command } from '@commander-js/extra-typings'
import { compare, type Subject } from './compare.ts'
import { createPrograms } from './programs.ts'
import { progress } from './report/progress.ts'
import { asText, figuresTable } from './report/table.ts'
import { type Server, startServer } from './server.ts'
import { runWrk } from './wrk.ts'

const { against, quick = false } = new Command('bench:http')
  .description('Measures the HTTP part of the service, with a database that answers at once with one row.')
  .option('--against <folder>', 'compare with this checkout, whose packages are installed')
  .option('--quick', 'run fewer and shorter rounds')
  .parse()
  .opts()
const pace = quick ? { rounds: 3, seconds: 2, warmUpSeconds: 2 } : { rounds: 7, seconds: 3, warmUpSeconds: 4 }
const here = resolve(import.meta.dir, '..')

await using programs = createPrograms()
const service = (root: string) => startServer(programs, [process.execPath, 'bench/http-service.ts'], { ROOT: root })
await using current = await service(here)
await using other = against === undefined ? undefined : await service(resolve(against))

const subject = (name: string, server: Server, kind: 'get' | 'create'): Subject => ({
  name: `${kind}, ${name}`,
  async measure(seconds, round) {
    const before = await server.usage()
    const load = { kind, first: 1, last: 100, tasks: 1000, stride: 0 } as const
    const { requests, seconds: took } = await runWrk(programs, server.url, load, seconds, round)
    const after = await server.usage()
    return { 'CPU µs/request': (after.cpuMicros - before.cpuMicros) / requests, 'requests/s': requests / took }
  },
})

const kinds = ['get', 'create'] as const
const { lines } = await compare(
  { pace, log: progress },
  kinds.flatMap((kind) => [
    ...(other ? [subject(`${against}`, other, kind)] : []),
    subject('this checkout', current, kind),
  ]),
)
progress('')
process.stdout.write(`${asText(figuresTable({ lines }))}\n`)
