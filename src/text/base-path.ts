const segment = /^[A-Za-z0-9._~-]+$/

/**
 * Whether a text is a path such as `/api/v1`: without a slash at its end, and without what could make a link lead elsewhere, such as `//`
 * or `..`.
 */
export function isBasePath(text: string): boolean {
  const [first, ...segments] = text.split('/')
  return first === '' && segments.length > 0 && segments.every((one) => segment.test(one) && !/^\.\.?$/.test(one))
}
