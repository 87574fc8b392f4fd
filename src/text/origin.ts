import { isHostName } from './host-name.ts'

const wildcard = 'https://*.'

/**
 * Whether a text is an origin as a browser sends it (RFC 6454, section 6.2), or `https://*.` and a domain of at least two labels.
 *
 * @example
 * isOriginPattern('https://*.example.com') // true
 */
export function isOriginPattern(text: string): boolean {
  if (!text.startsWith(wildcard)) return isOrigin(text) && /^https?:/.test(text)
  const rest = text.slice(wildcard.length)
  return isOrigin(`https://${rest}`) && rest.includes('.') && isHostName(new URL(`https://${rest}`).hostname)
}

// A browser's parser accepts a star in a host.
const isOrigin = (text: string): boolean => !text.includes('*') && URL.canParse(text) && new URL(text).origin === text

/** Splits `https://*.example.com` into what stands before its label and after it; undefined for an exact origin. */
export const partsOfWildcard = (pattern: string): { before: string; after: string } | undefined =>
  pattern.startsWith(wildcard) ? { before: 'https://', after: pattern.slice('https://*'.length) } : undefined
