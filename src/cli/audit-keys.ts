import { type CheckpointSigner, readCheckpoint } from '../audit/index.ts'
import { OperatorError } from '../errors/index.ts'
import { signerOf } from '../service/worker-tasks.ts'
import type { CommandIo } from './io.ts'

/**
 * Reads the signer of checkpoints.
 *
 * @returns undefined when AUDIT_SIGNING_KEY is not set
 * @throws OperatorError when it is no key
 */
export function findSigner(io: CommandIo): CheckpointSigner | undefined {
  const { AUDIT_SIGNING_KEY } = io.env
  return signerOf(AUDIT_SIGNING_KEY)
}

/**
 * Reads the keys that verify checkpoints: those of `--key`, else those of AUDIT_VERIFY_KEY, else that of AUDIT_SIGNING_KEY.
 *
 * @throws OperatorError when there is none, or when one is malformed
 */
export function verifierKeys(io: CommandIo, given: readonly string[] = []): readonly string[] {
  const { AUDIT_VERIFY_KEY = '' } = io.env
  const listed = AUDIT_VERIFY_KEY.split(/[\s,]+/).filter((key) => key !== '')
  const [name, keys] = given.length > 0 ? ['--key', given] : ['AUDIT_VERIFY_KEY', listed]
  assertKeys(name, keys)
  const signer = keys.length > 0 ? undefined : findSigner(io)
  if (signer) return [signer.verifierKey]
  if (keys.length > 0) return keys
  throw new OperatorError(
    'No key verifies the checkpoints: give --key, or set AUDIT_VERIFY_KEY to what "rowhouse audit key" printed, or set AUDIT_SIGNING_KEY',
  )
}

/** @throws OperatorError when a key is malformed */
function assertKeys(name: string, keys: readonly string[]): void {
  try {
    readCheckpoint('', keys)
  } catch (error) {
    if (error instanceof TypeError) throw new OperatorError(`${name} ${error.message}`, { cause: error })
    throw error
  }
}
