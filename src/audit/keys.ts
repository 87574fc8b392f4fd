import { createHash, createPrivateKey, createPublicKey, type KeyObject, randomBytes, sign, verify } from 'node:crypto'

// The keys of signed notes (c2sp.org/signed-note), with Ed25519 (RFC 8032).

/** A private key that signs notes under a name. */
export interface NoteSigner {
  readonly name: string
  /** Names the public key in signatures: four bytes. */
  readonly keyId: Uint8Array
  /** The public key as others configure it: `name+keyid+base64`. It is no secret. */
  readonly verifierKey: string
  sign(text: string): Uint8Array
}

/** A public key that verifies the notes of a name. */
export interface NoteVerifier {
  readonly name: string
  readonly keyId: Uint8Array
  verify(text: string, signature: Uint8Array): boolean
}

const ed25519 = 1
const keyBytes = 32
const idBytes = 4
/** What stands before a key of Ed25519 in DER (RFC 8410, section 4 and 7). */
const [publicPrefix, privatePrefix] = ['302a300506032b6570032100', '302e020100300506032b657004220420']

/**
 * Creates a key for {@link createNoteSigner}: 32 random bytes in base64.
 *
 * @example
 * createSigningKey() // as `openssl rand -base64 32`
 */
export const createSigningKey = (): string => randomBytes(keyBytes).toString('base64')

/**
 * Reads a private key.
 *
 * @param key the seed of an Ed25519 key: 32 bytes in base64 or base64url
 * @param name of the key in notes: without spaces and without `+`
 * @throws TypeError with what it must be. The message does not contain the key
 */
export function createNoteSigner(key: string, name: string): NoteSigner {
  const seed = decodeBase64(key)
  if (seed?.length !== keyBytes) throw new TypeError('must be 32 random bytes in base64: openssl rand -base64 32')
  assertName(name)
  const privateKey = createPrivateKey({ key: der(privatePrefix, seed), format: 'der', type: 'pkcs8' })
  const publicKey = createPublicKey(privateKey).export({ format: 'der', type: 'spki' }).subarray(-keyBytes)
  const keyId = keyIdOf(name, publicKey)
  const encoded = Buffer.concat([Uint8Array.of(ed25519), publicKey]).toString('base64')
  const verifierKey = `${name}+${keyId.toString('hex')}+${encoded}`
  return { name, keyId, verifierKey, sign: (text) => sign(null, Buffer.from(text), privateKey) }
}

/**
 * Reads a public key.
 *
 * @param verifierKey `name+keyid+base64`, as `rowhouse audit key` prints it
 * @throws TypeError with what it must be
 */
export function createNoteVerifier(verifierKey: string): NoteVerifier {
  const [, name = '', id = '', encoded = ''] = /^([^+]+)\+([0-9a-f]{8})\+(.+)$/s.exec(verifierKey) ?? []
  const bytes = decodeBase64(encoded)
  if (!isName(name) || bytes?.length !== 1 + keyBytes || bytes[0] !== ed25519) throw noVerifierKey()
  const publicKey = bytes.subarray(1)
  const keyId = keyIdOf(name, publicKey)
  if (keyId.toString('hex') !== id) throw noVerifierKey()
  const key: KeyObject = createPublicKey({ key: der(publicPrefix, publicKey), format: 'der', type: 'spki' })
  return { name, keyId, verify: (text, signature) => verify(null, Buffer.from(text), key, signature) }
}

const noVerifierKey = () =>
  new TypeError('must be a verifier key such as rowhouse+1a2b3c4d+AQ…: "rowhouse audit key" prints it')

const keyIdOf = (name: string, publicKey: Uint8Array): Buffer =>
  createHash('sha256')
    .update(`${name}\n`)
    .update(Uint8Array.of(ed25519))
    .update(publicKey)
    .digest()
    .subarray(0, idBytes)

const der = (prefix: string, key: Uint8Array): Buffer => Buffer.concat([Buffer.from(prefix, 'hex'), key])

const isName = (name: string): boolean => /^[^\s+\p{Cc}]+$/u.test(name) && name.isWellFormed()

function assertName(name: string): void {
  if (!isName(name)) throw new TypeError(`The name of a key has no spaces and no "+" (got "${name}")`)
}

/** Undefined for text that is neither base64 nor base64url: Node's decoder skips what it does not know. */
export function decodeBase64(text: string): Uint8Array | undefined {
  for (const encoding of ['base64', 'base64url'] as const) {
    const bytes = Buffer.from(text, encoding)
    if (bytes.length > 0 && bytes.toString(encoding) === text) return bytes
  }
  return undefined
}
