import { join } from 'node:path'
import type { Subject } from '../compare.ts'
import type { Filled } from '../databases.ts'
import type { Programs } from '../programs.ts'

/** The same transaction with pgbench, prepared and pipelined: the limit of the server itself. */
export const pgbench = (
  programs: Programs,
  { url, tenants, tasks }: Filled,
  figures: { rate: string; cpu: string },
): Subject => ({
  name: 'pgbench, pipelined',
  async measure(seconds) {
    const how = ['--no-vacuum', '--protocol', 'prepared', '--client', '10', '--time', `${Math.max(1, seconds)}`]
    const what = ['--define', `tenants=${tenants}`, '--define', `tasks=${tasks}`]
    const program = programs.start(['pgbench', ...how, ...what, '--file', join(import.meta.dir, 'pgbench.sql'), url])
    await program.exited
    const output = await program.output()
    const [rate, transactions] = [/^tps = ([\d.]+)/m, /actually processed: (\d+)/].map((text) =>
      Number(text.exec(output)?.[1]),
    )
    if (!rate || !transactions) throw new Error(`pgbench printed no rate:\n${output}`)
    return { [figures.rate]: rate, [figures.cpu]: program.cpuMicros() / transactions }
  },
})
