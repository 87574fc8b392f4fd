/**
 * Whether a value of NODE_ENV means production, in whatever spelling: only `production` is accepted, so that a misspelled one is
 * refused instead of read as development.
 *
 * @example
 * meansProduction(' Prod') // true
 */
export const meansProduction = (name: string | undefined): boolean => /^\s*prod/i.test(name ?? '')
