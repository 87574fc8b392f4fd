import { describe, expect, test } from 'bun:test'
import { execFileSync } from 'node:child_process'
import { createCheckpointSigner, createSigningKey, readCheckpoint } from '../../src/audit/index.ts'
import { createNoteSigner, createNoteVerifier } from '../../src/audit/keys.ts'
import { openNote, signNote } from '../../src/audit/note.ts'
import { leavesOf } from './vectors.ts'

// The key and the note of the tests of golang.org/x/mod/sumdb/note, which the signed notes of c2sp.org come from.
const seed = Buffer.from('AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz', 'base64').subarray(1).toString('base64')
const vkey = 'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW'
const text = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
const signature =
  '— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n'
const note = `${text}\n${signature}`
const peter = createNoteVerifier(vkey)

describe('the note of Go', () => {
  test('is what its key signs', () => {
    const signer = createNoteSigner(seed, 'PeterNeumann')
    expect([signer.verifierKey, signNote(text, signer)]).toEqual([vkey, note])
  })

  test('is opened by its verifier key', () => {
    expect(openNote(note, [peter])).toEqual({ text, name: 'PeterNeumann' })
  })

  test('is opened as an editor may have saved it', () => {
    expect(openNote(note.replaceAll('\n', '\r\n'), [peter])).toHaveProperty('text', text)
    expect(openNote(note.slice(0, -1), [peter])).toHaveProperty('text', text)
  })

  test('is opened with signatures of other keys beside it, which are not looked at', () => {
    const other = createNoteSigner(createSigningKey(), 'witness.example/w')
    const sameName = createNoteSigner(createSigningKey(), 'PeterNeumann')
    const lines = [other, sameName].map((signer) => signNote('other\n', signer).split('\n\n')[1])
    expect(openNote(`${note}${lines.join('')}`, [peter])).toHaveProperty('text', text)
    expect(openNote(`${text}\n${lines.join('')}${signature}`, [peter])).toHaveProperty('text', text)
  })

  test('has its signatures behind its last empty line', () => {
    const signer = createNoteSigner(seed, 'PeterNeumann')
    const poem = 'one\n\ntwo\n'
    expect(openNote(signNote(poem, signer), [peter])).toEqual({ text: poem, name: 'PeterNeumann' })
  })

  const wrong = 'has a wrong signature'
  const none = 'has no signature of a given key'
  const malformed = 'is no signed note'
  test.each([
    ['another text', note.replace('cryptography', 'cryptographY'), wrong],
    ['a line more', note.replace('\n\n', '\nmore\n\n'), wrong],
    ['another signature', note.replace('IuGUgYN', 'IuGUgYM'), wrong],
    ['another key id', note.replace('x08go', 'x18go'), none],
    ['another name', note.replace('PeterNeumann', 'PeterNeumanm'), none],
    ['a wrong signature of its key behind the right one', `${note}${signature.replace('IuGUgYN', 'IuGUgYM')}`, wrong],
    ['no signature', `${text}\n`, malformed],
    ['no empty line', `${text}${signature}`, malformed],
    ['a hyphen', note.replace('— ', '- '), malformed],
    ['base64 that is not canonical', note.replace('nAM=', 'nAN='), malformed],
    ['a line that is no signature', `${note}more\n`, malformed],
    ['too many signatures', `${text}\n${signature.repeat(101)}`, malformed],
    ['nothing', '', malformed],
  ])('is refused with %s', (_, given, problem) => expect(openNote(given, [peter])).toEqual({ problem }))
})

describe('a key', () => {
  test('is 32 bytes of base64 or base64url', () => {
    const opened = execFileSync('openssl', ['rand', '-base64', '32']).toString().trim()
    for (const key of [opened, createSigningKey(), Buffer.alloc(32, 0xff).toString('base64url')])
      expect(createCheckpointSigner({ key }).verifierKey).toMatch(/^rowhouse\+[0-9a-f]{8}\+[A-Za-z0-9+/]{44}$/)
  })

  test.each([
    ...['', 'secret', 'a'.repeat(43), 'ab'.repeat(32), Buffer.alloc(31).toString('base64')],
    ...[Buffer.alloc(64).toString('base64'), ` ${createSigningKey()}`, `${createSigningKey()}\n`],
  ])('of another form is refused, and the message does not contain it: %j', (key) => {
    expect(() => createCheckpointSigner({ key })).toThrow(
      new TypeError('must be 32 random bytes in base64: openssl rand -base64 32'),
    )
  })

  test.each(['', 'a b', 'a+b', 'a\nb', 'a\u2003b'])('cannot have the name %j', (name) => {
    expect(() => createCheckpointSigner({ key: createSigningKey(), name })).toThrow('The name of a key has no spaces')
  })

  test('to verify with is refused when anything of it was changed', () => {
    for (let at = 0; at < vkey.length; at += 1) {
      const other = `${vkey.slice(0, at)}${String.fromCharCode(vkey.charCodeAt(at) + 1)}${vkey.slice(at + 1)}`
      for (const given of [other, vkey.slice(0, at), vkey.slice(at + 1)])
        expect(() => readCheckpoint('', [given])).toThrow(/^must be a verifier key such as /)
    }
    // Another algorithm, with the key id of it.
    const other = 'PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW'
    expect(() => readCheckpoint('', [other])).toThrow(TypeError)
  })
})

describe('a checkpoint', () => {
  const signer = createCheckpointSigner({ key: createSigningKey(), name: 'example.com/audit' })
  const keys = [signer.verifierKey]
  const [root] = leavesOf(1) as [Uint8Array]

  test('is a signed note of the tenant, the size and the root', () => {
    const signed = signer.sign({ tenantId: 'acme', size: 20852163, root })
    expect(signed).toStartWith(
      `example.com/audit/acme\n20852163\n${Buffer.from(root).toString('base64')}\n\n— example.com/audit `,
    )
    expect(readCheckpoint(signed, keys)).toEqual({ tenantId: 'acme', size: 20852163, root: Buffer.from(root) })
  })

  test('may say when it was signed', () => {
    const at = '2026-11-28T19:04:00.123Z'
    const signed = signer.sign({ tenantId: 'acme', size: 0, root, at })
    expect(signed.split('\n')[3]).toBe(`time ${at}`)
    expect(readCheckpoint(signed, keys)).toMatchObject({ size: 0, at })
  })

  const key = createSigningKey()
  const raw = createNoteSigner(key, 'rowhouse')
  const rootText = Buffer.from(root).toString('base64')
  test.each([
    ['no tenant', `rowhouse/\n1\n${rootText}\n`, 'names no tenant of its key'],
    ['the name of another log', `other/acme\n1\n${rootText}\n`, 'names no tenant of its key'],
    ['a size with a zero before it', `rowhouse/acme\n01\n${rootText}\n`, 'has no size and root'],
    ['a size that JavaScript cannot hold', `rowhouse/acme\n9007199254740993\n${rootText}\n`, 'has no size and root'],
    ['a short root', 'rowhouse/acme\n1\nAAAA\n', 'has no size and root'],
    ['no root', 'rowhouse/acme\n1\n', 'has no size and root'],
    ['an empty line in it', `rowhouse/acme\n1\n${rootText}\n\nmore\n`, 'has no size and root'],
  ])('is refused with %s, although its signature is right', (_, body, problem) => {
    expect(readCheckpoint(signNote(body, raw), [raw.verifierKey])).toEqual({ problem })
  })

  test('passes over extension lines that it does not know', () => {
    const signed = signNote(`rowhouse/acme\n1\n${rootText}\nsomething else\n`, raw)
    expect(readCheckpoint(signed, [raw.verifierKey])).toEqual({ tenantId: 'acme', size: 1, root: Buffer.from(root) })
  })

  test('is not signed for a tenant whose id would change its lines', () => {
    expect(() => signer.sign({ tenantId: 'acme\n1', size: 1, root })).toThrow('The id of a tenant has no spaces')
  })
})
