import { z } from 'zod'
import {
  isBasePath,
  isHeaderName,
  isOriginPattern,
  isThisMachine,
  meansProduction,
  parseWholeNumber,
  readDatabaseUrl,
} from '../../text/index.ts'

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

/** Values with blanks or commas between them, each once. */
const words = z.string().transform((text) => [...new Set(text.split(/[\s,]+/).filter((one) => one !== ''))])

export const list = words.refine((all) => all.length > 0, 'must list one or more values')

export const listOf = <const T extends string>(...values: T[]) => {
  const message = `must list one or more of ${inWords(values)}`
  return words.pipe(z.array(z.enum(values, message)).min(1, message))
}

export const secret = z
  .string()
  .min(secretLengthMin, `must have at least ${secretLengthMin} characters: openssl rand -hex 32`)

/** Several secrets are accepted while one replaces another. */
export const secrets = words.refine((all) => all.length > 0 && all.every(({ length }) => length >= secretLengthMin), {
  message: `must have at least ${secretLengthMin} characters: openssl rand -hex 32 (several with commas between them)`,
})

/** Headers with another meaning, which must not name a tenant or an actor. */
const reservedHeaders = [
  ...['host', 'content-type', 'content-length', 'connection', 'transfer-encoding', 'authorization', 'cookie'],
  ...['x-request-id', 'x-gateway-secret', 'bookmark', 'origin'],
  ...['forwarded', 'x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto', 'x-forwarded-prefix'],
]

export const headerName = z
  .string()
  .refine(isHeaderName, 'must be the name of an HTTP header')
  .refine((name) => !reservedHeaders.includes(name.toLowerCase()), 'must not be a header that has another meaning')

export const databaseUrl = (missing?: string) =>
  z.string(missing).superRefine((text, context) => {
    const read = readDatabaseUrl(text)
    if ('problem' in read) context.addIssue({ code: 'custom', message: read.problem })
  })

export const httpUrl = z
  .string()
  .refine((text) => URL.canParse(text) && /^https?:$/.test(new URL(text).protocol), 'must be a URL with https')

/** Whether the network between could change the answer: plain http to another machine. */
export function isInsecure(url: string): boolean {
  const { protocol, hostname } = new URL(url)
  return protocol === 'http:' && !isThisMachine(hostname)
}

/** A host name (RFC 1123, section 2.1), and no IPv4 address. */
export const domain = z
  .string()
  .regex(
    /^(?=.{1,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*(?!\d+$)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/i,
    'must be a domain such as app.example.com',
  )

/** The prefix that a proxy removes from paths. */
export const basePath = z.string().refine(isBasePath, 'must be a path such as /api, without a slash at its end')

/** The origins of pages. */
export const origins = words.refine((all) => all.length > 0 && all.every(isOriginPattern), {
  message:
    'must list origins as a browser sends them, such as https://app.example.com, http://localhost:5173 or https://*.example.com: ' +
    'in lower case, without a path, and a star only after https://',
})

/** The value of Strict-Transport-Security (RFC 6797, section 6.1). */
export const transportSecurity = z
  .string()
  .regex(
    /^(?:off|max-age=\d{1,10}(?:; ?includeSubDomains)?(?:; ?preload)?)$/,
    'must be "off" or a value such as max-age=15552000; includeSubDomains',
  )

/** Another spelling would let unverified callers in. */
export const environmentName = z
  .string()
  .refine((name) => name === 'production' || !meansProduction(name), 'must be written "production"')

/** `"a", "b" or "c"` */
function inWords(values: readonly string[]): string {
  const quoted = values.map((value) => `"${value}"`)
  return `${quoted.slice(0, -1).join(', ')} or ${quoted.at(-1)}`
}
