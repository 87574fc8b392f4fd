import project from '../../package.json' with { type: 'json' }

/** How the package manager that started a command runs programs and adds packages. */
export interface Runner {
  /** @example 'npx' */
  run: string
  /** @example 'npm install' */
  add: string
}

const runners: Record<string, Runner> = {
  npm: { run: 'npx', add: 'npm install' },
  pnpm: { run: 'pnpm', add: 'pnpm add' },
  yarn: { run: 'yarn', add: 'yarn add' },
  bun: { run: 'bunx', add: 'bun add' },
}

/**
 * Reads the runner from the environment: package managers set `npm_config_user_agent`. A command that was started without one is
 * run with that of its runtime.
 *
 * @example
 * runnerOf({ npm_config_user_agent: 'pnpm/10.1.0 npm/? node/v22.0.0' }).run // 'pnpm'
 */
export function runnerOf({ npm_config_user_agent = '', npm_package_name }: Record<string, string | undefined>): Runner {
  // A script in the repository of the kit itself: a runner would look in a registry for a package of this name.
  if (npm_package_name === project.name) return { run: 'bun run', add: 'bun add' }
  const [name = ''] = npm_config_user_agent.split('/')
  const found = runners[name] ?? runners[process.versions.bun === undefined ? 'npm' : 'bun']
  return found as Runner // both names are in the table
}

/**
 * Adds the runner to the commands of a message, which have none in the code: `"rowhouse init"` becomes `"npx rowhouse init"`, and
 * `"npm install …"` the command of the package manager.
 */
export const withRunner = (text: string, { run, add }: Runner): string =>
  text
    .replaceAll(/"(?=(?:rowhouse|drizzle-kit) [a-z])/g, `"${run} `)
    .replaceAll(/"npm install (?=(?:--save-dev )?[a-z@])/g, `"${add} `)
