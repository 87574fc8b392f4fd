/** Returns whether a text can be the name of an HTTP header: a token (RFC 9110, section 5.6.2). */
export const isHeaderName = (text: string): boolean => /^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/.test(text)
