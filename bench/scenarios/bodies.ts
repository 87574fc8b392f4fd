import { z } from 'zod'
import { compare, type Subject } from '../compare.ts'
import type { Programs } from '../programs.ts'
import type { Scenario, Verdict } from '../scenario.ts'

const program = 'bench/hostile-bodies.ts'
const bundle = ['build', program, '--target', 'node', '--packages', 'external', '--outdir', 'dist/bench']
const figure = 'ms for the slowest'

export const bodies: Scenario = {
  name: 'bodies',
  title: 'Hostile bodies of 128 KiB, from the last byte until the route has rejected it',
  async run(stand) {
    const { programs } = stand
    await outputOf(programs, [process.execPath, ...bundle])
    const subject = (name: string, command: string[]): Subject => ({
      name,
      async measure() {
        const figures = z.record(z.string(), z.number()).parse(JSON.parse(await outputOf(programs, command)))
        return { [figure]: Math.max(...Object.values(figures)) }
      },
    })
    const subjects = [
      subject('Bun', [process.execPath, program]),
      subject('Node', ['node', 'dist/bench/hostile-bodies.js']),
    ]
    const { lines, of } = await compare(stand, subjects)
    const verdicts = subjects.map(
      ({ name }): Verdict => ({
        claim: `the slowest hostile body on ${name}`,
        bound: 'at most',
        target: 2,
        unit: 'ms',
        rounds: of(name, figure),
      }),
    )
    return { lines, verdicts, notes: [`\`bun ${program}\` prints the figure of each body.`] }
  },
}

/** @throws Error with its output when it fails */
async function outputOf(programs: Programs, command: string[]): Promise<string> {
  const program = programs.start(command)
  if ((await program.exited) !== 0) throw new Error(await program.output())
  return await program.output()
}
