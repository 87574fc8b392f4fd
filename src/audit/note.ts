import { decodeBase64, type NoteSigner, type NoteVerifier } from './keys.ts'
import { sameHash } from './tree.ts'

// Signed notes (c2sp.org/signed-note): text, an empty line, and a line for each signature.

const idBytes = 4
const signatureLine = /^— ([^\s+]+) (\S+)$/u
const signaturesMax = 100

/** Signs text that ends with a newline. */
export function signNote(text: string, { name, keyId, sign }: NoteSigner): string {
  const signature = Buffer.concat([keyId, sign(text)]).toString('base64')
  return `${text}\n— ${name} ${signature}\n`
}

/** The text of a note, and the name of the key that signed it; or what is wrong. */
export type OpenedNote = { text: string; name: string } | { problem: string }

/**
 * Verifies a note. Signatures of other keys are ignored; each one of a given key must be right, and one there must be.
 *
 * @param note CRLF in place of LF, as an editor may have saved it, and a missing newline at its end are tolerated
 */
export function openNote(note: string, verifiers: readonly NoteVerifier[]): OpenedNote {
  const lines = note.replaceAll('\r\n', '\n').replace(/\n?$/, '\n')
  const end = lines.lastIndexOf('\n\n')
  const signatures = lines
    .slice(end + 2, -1)
    .split('\n')
    .map((line) => signatureLine.exec(line))
  if (end < 0 || signatures.length > signaturesMax) return { problem: 'is no signed note' }
  const text = lines.slice(0, end + 1)
  let signer: string | undefined
  for (const match of signatures) {
    const [, name = '', encoded = ''] = match ?? []
    const bytes = decodeBase64(encoded)
    if (!bytes || bytes.length <= idBytes) return { problem: 'is no signed note' }
    const verifier = verifiers.find((one) => one.name === name && sameHash(one.keyId, bytes.subarray(0, idBytes)))
    if (!verifier) continue
    if (!verifier.verify(text, bytes.subarray(idBytes))) return { problem: 'has a wrong signature' }
    signer ??= name
  }
  return signer === undefined ? { problem: 'has no signature of a given key' } : { text, name: signer }
}
