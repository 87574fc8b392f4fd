import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { folderProblem } from '../../db/folder-problem.ts'
import { listenProblem, tryAddress } from './address.ts'

// `bun run up` runs this before up.ts: it imports no package, because none may be installed yet.

const folder = fileURLToPath(new URL('../..', import.meta.url))

async function prepare(): Promise<void> {
  // up.ts tries the port again, and reports a setting that is no number.
  const { HOST, PORT } = process.env
  const address = { host: HOST || '127.0.0.1', port: Number(PORT || 3000) }
  if (Number.isInteger(address.port) && address.port >= 0 && address.port < 65_536)
    await tryAddress(address).catch((cause: Error) => fail(listenProblem(address.host, address.port, cause)))
  process.stdout.write('Installing packages …\n')
  let { status, output } = install(0)
  if (status !== 0 && isUnreachable(output)) {
    process.stderr.write('The package registry does not answer. Trying again for ten seconds …\n')
    ;({ status, output } = install(1))
  }
  if (status !== 0) fail(`Cannot install the packages in ${join(folder, 'node_modules')}: ${problemOf(output)}`)
}

/** Packages for development stay, and are not needed here. */
function install(retries: number): { status: number | null; output: string } {
  const parameters = ['install', '--production', '--frozen-lockfile', '--no-progress', '--no-summary']
  const env = { BUN_CONFIG_HTTP_RETRY_COUNT: String(retries), ...process.env }
  const { status, stdout, stderr } = spawnSync(process.execPath, parameters, { cwd: folder, env, encoding: 'utf8' })
  return { status, output: `${stdout}${stderr}` }
}

const isUnreachable = (output: string): boolean => unreachable.test(output)
const unreachable = /^(?:error|warn): (?!\d)(\w+) downloading /m

function problemOf(output: string): string {
  const [, reason] = unreachable.exec(output) ?? []
  if (reason !== undefined)
    return (
      `the package registry cannot be reached (${reason}). Check the network and the proxy (HTTPS_PROXY), ` +
      'or name another registry in BUN_CONFIG_REGISTRY.'
    )
  const [code = ''] = /\bE[A-Z]{4,}\b/.exec(output) ?? []
  return folderProblem(folder, code) ?? `bun install failed.\n${output.trim()}`
}

function fail(message: string): never {
  process.stderr.write(`${message}\n`)
  process.exit(1)
}

await prepare()
