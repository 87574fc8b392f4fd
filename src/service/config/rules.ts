import { z } from 'zod'
import { isDatabaseUrl, isHeaderName, parseWholeNumber } from '../../text/index.ts'

// What the text of a setting must look like. No message holds the text: it can be a secret.

const secretLengthMin = 32

export const wholeNumber = (min: number, max: number) =>
  z.string().transform((text, context) => {
    const number = parseWholeNumber(text)
    if (number !== undefined && number >= min && number <= max) return number
    context.addIssue({ code: 'custom', message: `must be a whole number from ${min} to ${max}` })
    return z.NEVER
  })

export const autoOrWholeNumber = (min: number, max: number) =>
  z.union([z.literal('auto'), wholeNumber(min, max)], `must be "auto" or a whole number from ${min} to ${max}`)

export const oneOf = <const T extends string>(...values: T[]) => z.enum(values, `must be ${inWords(values)}`)

/** Values with blanks or commas between them. */
export const list = z.string().transform((text) => text.split(/[\s,]+/).filter((one) => one !== ''))

export const listOf = <const T extends string>(...values: T[]) => {
  const message = `must list one or more of ${inWords(values)}`
  return list.pipe(z.array(z.enum(values, message)).min(1, message))
}

export const secret = z.string().min(secretLengthMin, `must have at least ${secretLengthMin} characters`)

/** Several secrets are accepted while one replaces another. */
export const secrets = list.refine((all) => all.length > 0 && all.every(({ length }) => length >= secretLengthMin), {
  message: `must have at least ${secretLengthMin} characters: openssl rand -hex 32 (several with commas between them)`,
})

export const headerName = z.string().refine(isHeaderName, 'must be the name of an HTTP header')

export const databaseUrl = (missing?: string) =>
  z.string(missing).refine(isDatabaseUrl, 'must be a URL such as postgres://app_user:password@host:5432/database')

/** Keys that verify tokens are fetched over https, or from this machine. */
export const secureUrl = z.string().refine((text) => {
  if (!URL.canParse(text)) return false
  const { protocol, hostname } = new URL(text)
  return protocol === 'https:' || (protocol === 'http:' && ['localhost', '127.0.0.1', '[::1]'].includes(hostname))
}, 'must be a URL with https (or http to localhost)')

/** `"a", "b" or "c"` */
function inWords(values: readonly string[]): string {
  const quoted = values.map((value) => `"${value}"`)
  return `${quoted.slice(0, -1).join(', ')} or ${quoted.at(-1)}`
}
