import { createNoteSigner, createNoteVerifier, decodeBase64, type NoteVerifier } from './keys.ts'
import { openNote, signNote } from './note.ts'

/** How many entries the log of a tenant had, and the root of their Merkle tree. */
export interface Checkpoint {
  tenantId: string
  /** How many entries it covers: those of the positions 1 to `size`. */
  size: number
  /** The root of their tree, 32 bytes. */
  root: Uint8Array
  /** When it was signed, by the clock of the signer: `YYYY-MM-DDTHH:MM:SS.mmmZ`. Undefined where it says none. */
  at?: string
}

/** Signs checkpoints. */
export interface CheckpointSigner {
  /** The public key, for {@link readCheckpoint}, `verifyExport` and AUDIT_VERIFY_KEY. It is no secret. */
  readonly verifierKey: string
  /**
   * Signs a checkpoint.
   *
   * @returns a signed note (c2sp.org/tlog-checkpoint)
   */
  sign(checkpoint: Checkpoint): string
}

const rootBytes = 32
const time = /^time (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)$/m
const body = /^([^\n]+)\n(0|[1-9]\d{0,15})\n([^\n]+)\n((?:[^\n]+\n)*)$/

/**
 * Creates the signer of checkpoints: Ed25519 over a note whose first line is `<name>/<tenant id>`, then the size and the root
 * (c2sp.org/signed-note, c2sp.org/tlog-checkpoint).
 *
 * @param key AUDIT_SIGNING_KEY: 32 random bytes in base64, as `openssl rand -base64 32` prints them. Keep it out of the database
 * @param name of the key and of the logs, without spaces and `+`. @default 'rowhouse'
 * @throws TypeError for another key or name. The message does not contain the key
 * @example
 * const signer = createCheckpointSigner({ key: process.env.AUDIT_SIGNING_KEY ?? '' })
 * signer.sign({ tenantId, size: 20852163, root })
 */
export function createCheckpointSigner({ key, name = 'rowhouse' }: { key: string; name?: string }): CheckpointSigner {
  const signer = createNoteSigner(key, name)
  return {
    verifierKey: signer.verifierKey,
    sign({ tenantId, size, root, at }) {
      if (!/^[^\s\p{Cc}]+$/u.test(tenantId))
        throw new TypeError('The id of a tenant has no spaces: its checkpoint could not be read')
      const lines = [`${name}/${tenantId}`, size, Buffer.from(root).toString('base64'), ...(at ? [`time ${at}`] : [])]
      return signNote(`${lines.join('\n')}\n`, signer)
    },
  }
}

/** A checkpoint whose signature is right, or what is wrong with it. */
export type ReadCheckpoint = Checkpoint | { problem: string }

/**
 * Verifies the signature of a checkpoint and reads it.
 *
 * @param note the checkpoint, as {@link CheckpointSigner} signed it
 * @param keys verifier keys, `name+keyid+base64`: after a rotation also the former one
 * @returns the checkpoint, or `problem`, which continues the sentence "the checkpoint …"
 * @throws TypeError when a verifier key is malformed
 * @example
 * const read = readCheckpoint(note, ['rowhouse+1a2b3c4d+AQ…'])
 * if ('problem' in read) throw new Error(`The checkpoint ${read.problem}`)
 */
export const readCheckpoint = (note: string, keys: readonly string[]): ReadCheckpoint =>
  openCheckpoint(note, keys.map(createNoteVerifier))

/** {@link readCheckpoint} with keys that are read already. */
export function openCheckpoint(note: string, verifiers: readonly NoteVerifier[]): ReadCheckpoint {
  const opened = openNote(note, verifiers)
  if ('problem' in opened) return opened
  const [, origin = '', size = '', encoded = '', extensions = ''] = body.exec(opened.text) ?? []
  const root = decodeBase64(encoded)
  const tenantId = origin.slice(opened.name.length + 1)
  if (root?.length !== rootBytes || !Number.isSafeInteger(Number(size))) return { problem: 'has no size and root' }
  if (!origin.startsWith(`${opened.name}/`) || tenantId === '') return { problem: 'names no tenant of its key' }
  const [, at] = time.exec(extensions) ?? []
  return { tenantId, size: Number(size), root, ...(at === undefined ? {} : { at }) }
}
