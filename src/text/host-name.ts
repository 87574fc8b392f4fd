/** Whether a text is a label of a host name in lower case (RFC 1123, section 2.1). */
export const isLabel = (text: string): boolean => /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/.test(text)

/** Whether a text is a host name in lower case, and no IP address. */
export function isHostName(text: string): boolean {
  const labels = text.split('.')
  // A last label that is a number makes it an IPv4 address, even a short one such as 10.1 (WHATWG URL, "ends in a number").
  return text.length <= 253 && labels.every(isLabel) && !/^(?:\d+|0x[0-9a-f]*)$/.test(labels.at(-1) ?? '')
}

/**
 * Converts a domain to its canonical form: lower case, labels in Punycode (RFC 5890, section 2.3.2.1), without the dot of the root.
 *
 * @returns undefined for what is no domain of at least two labels, such as a URL, a host with a port, or an IP address
 * @example
 * parseDomain('Shop.Bücher.example.') // 'shop.xn--bcher-kva.example'
 */
export function parseDomain(text: string): string | undefined {
  if (text.length > 1000 || !/^[^\s\p{Cc}/?#@:\\[\]%]+$/u.test(text) || !URL.canParse(`http://${text}`))
    return undefined
  const host = new URL(`http://${text}`).hostname.replace(/\.$/, '')
  return isHostName(host) && /\.[a-z][^.]*$/.test(host) ? host : undefined
}
