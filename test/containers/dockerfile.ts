/** One line of a Dockerfile: `RUN`, and what it runs. */
export interface Instruction {
  name: string
  text: string
}

/** A stage: its image, its name, and the instructions after FROM. */
export interface Stage {
  image: string
  name: string | undefined
  instructions: Instruction[]
}

/**
 * Reads a Dockerfile of the plain form: no heredoc, no parser directive, no ARG.
 *
 * @throws Error for another instruction than those of ours
 */
export function parseDockerfile(text: string): Stage[] {
  const lines = text.replaceAll(/\\\n/g, ' ').split('\n')
  const stages: Stage[] = []
  for (const line of lines.filter((one) => one.trim() !== '' && !one.startsWith('#'))) {
    const [, name = '', rest = ''] = /^([A-Z]+) (.+)$/.exec(line) ?? []
    if (!known.includes(name)) throw new Error(`The parser of this test does not read: ${line}`)
    const [image = '', , alias] = rest.split(' ')
    if (name === 'FROM') stages.push({ image, name: alias, instructions: [] })
    else stages.at(-1)?.instructions.push({ name, text: rest })
  }
  return stages
}

const known = ['FROM', 'WORKDIR', 'COPY', 'RUN', 'ENV', 'USER', 'EXPOSE', 'HEALTHCHECK', 'CMD']

/** What the instructions of a name say, the last one last. */
export const textsOf = ({ instructions }: Stage, name: string): string[] =>
  instructions.filter((one) => one.name === name).map(({ text }) => text)

/** The paths of a COPY from the folder of the project, and its target; undefined for one from a stage. */
export function copyOf(text: string): { from: string | undefined; sources: string[]; target: string } {
  const [, from] = /^--from=(\S+) /.exec(text) ?? []
  const paths = text.replace(/^--from=\S+ /, '').split(' ')
  return { from, sources: paths.slice(0, -1), target: paths.at(-1) ?? '' }
}

/** The program of a CMD or a HEALTHCHECK: its JSON. */
export const commandOf = (text: string): string[] => JSON.parse(text.slice(text.indexOf('['))) as string[] // ours are lists

/** The variables of ENV. */
export const variablesOf = (stage: Stage): Record<string, string> =>
  Object.fromEntries(
    textsOf(stage, 'ENV').flatMap((text) => text.split(' ').map((pair) => pair.split('=') as [string, string])),
  )
