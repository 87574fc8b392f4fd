const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

/**
 * A random id of the same form as a sample: a UUID, a number, or letters and digits in the same places. A prefix such as `org_` and the
 * first letter stay: in many kinds of ids they are fixed.
 *
 * @example
 * idLike('ckx9q2h3s0000qzrmn831i7rn') // 'c' and 24 other letters and digits
 */
export function idLike(sample: string): string {
  if (uuid.test(sample)) return crypto.randomUUID()
  if (/^\d+$/.test(sample)) return idOfForm('number')
  const kept = sample.lastIndexOf('_') + 2
  const isHex = /^[\da-f]*$/i.test(sample.slice(kept))
  const random = (text: string) => text[Math.floor(Math.random() * text.length)] ?? ''
  // Letters and digits of every common alphabet: Crockford's has no I, L, O and U, that of Bitcoin no 0.
  return (
    sample.slice(0, kept) +
    [...sample.slice(kept)]
      .map((character) => {
        if (/\d/.test(character)) return random('123456789')
        if (/[a-z]/.test(character)) return random(isHex ? 'abcdef' : 'abcdefghjkmnpqrstvwxyz')
        return /[A-Z]/.test(character) ? random(isHex ? 'ABCDEF' : 'ABCDEFGHJKMNPQRSTVWXYZ') : character
      })
      .join('')
  )
}

/** A random id: a number that fits an integer and that a test does not reach, or a UUID. */
export const idOfForm = (form: string | undefined): string =>
  form === 'number' ? String(2_000_000_000 + Math.floor(Math.random() * 100_000_000)) : crypto.randomUUID()
