import { chmodSync, copyFileSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { copyOf, type Stage, textsOf } from '../../containers/dockerfile.ts'
import { root } from '../../runtime/child.ts'
import { runs } from '../kit/project.ts'

/** An image as a folder: what the steps of a Dockerfile leave on top of its base image. */
export interface Image {
  /** The folder that stands for `/`. */
  folder: string
  /** Its WORKDIR, in the folder. */
  workdir: string
}

/**
 * Runs the steps of a Dockerfile without an engine: this machine stands for the base image, and paths lead into a folder.
 *
 * @param folder an empty folder
 * @returns the image of the last stage
 */
export async function buildImage(stages: Stage[], folder: string): Promise<Image> {
  const images = new Map<string, Image>()
  let last: Image | undefined
  for (const [index, stage] of stages.entries()) {
    last = await buildStage(stage, join(folder, `stage-${index}`), images)
    if (stage.name !== undefined) images.set(stage.name, last)
  }
  if (last === undefined) throw new Error('The Dockerfile has no stage')
  return last
}

async function buildStage(stage: Stage, folder: string, images: ReadonlyMap<string, Image>): Promise<Image> {
  const bin = join(folder, 'usr/local/bin')
  mkdirSync(bin, { recursive: true })
  copyFileSync(process.execPath, join(bin, 'bun'))
  chmodSync(join(bin, 'bun'), 0o755)
  const workdir = join(folder, textsOf(stage, 'WORKDIR')[0] ?? '')
  mkdirSync(workdir, { recursive: true })
  for (const { name, text } of stage.instructions) {
    if (name === 'RUN')
      await runs(['sh', '-c', text], workdir, { PATH: `${bin}:/usr/bin:/bin`, HOME: join(folder, 'root') })
    if (name === 'COPY') await copy(text, workdir, images)
  }
  return { folder, workdir }
}

async function copy(text: string, workdir: string, images: ReadonlyMap<string, Image>): Promise<void> {
  const { from, sources, target } = copyOf(text)
  if (from !== undefined) {
    const image = images.get(from)
    if (!image) throw new Error(`COPY names no stage: ${from}`)
    for (const source of sources)
      await runs(['cp', '-a', `${join(image.folder, source)}/.`, join(workdir, target)], root)
    return
  }
  for (const source of sources) {
    const copied = target === './' ? join(workdir, source) : join(workdir, target)
    await runs(['cp', '-r', join(root, source), copied], root)
    await runs(['chmod', '-R', 'u=rwX,go=', copied], root) // as in a clone made with umask 077
  }
}

/**
 * The command line that runs a program in an image as a container does: as a user without a name, on a root file system that is
 * read-only as a whole, without capabilities.
 */
export const inContainer = ({ folder, workdir }: Image, user: string, command: string[]): string[] => {
  const [uid, gid] = user.split(':')
  const asUser = [
    'setpriv',
    `--reuid=${uid}`,
    `--regid=${gid}`,
    '--clear-groups',
    '--no-new-privs',
    '--bounding-set=-all',
  ]
  const variables = ['HOME=/', `PATH=${folder}/usr/local/bin:/usr/bin:/bin`]
  return ['unshare', '--mount', 'sh', '-c', readOnly, workdir, ...asUser, 'env', ...variables, ...command]
}

// The mounts of this process alone: `unshare` gives it a namespace of its own.
const readOnly = `awk '$4 ~ /^rw/ { print $2 }' /proc/mounts |
  while read -r mount; do mount -o remount,bind,ro "$mount" 2> /dev/null; done
cd "$0" && exec "$@"`
