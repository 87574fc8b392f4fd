/**
 * Relations, sequences and functions that all tenants may share, as `schema.name`: what the wall check lets pass. Each one
 * is a hole that somebody has thought about.
 */
export const shared: string[] = []
