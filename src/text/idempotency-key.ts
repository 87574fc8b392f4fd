/** What an `Idempotency-Key` looks like: a bare token, or a string (RFC 8941, section 3.3.3). Without spaces: two headers arrive as one with ", " in it. */
export const idempotencyKeyPattern = String.raw`^("([!#-\[\]-~]|\\["\\])+"|[!#-~][!-~]*)$`
