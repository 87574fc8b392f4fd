/**
 * Whether a request may await a promise of another request. On workerd it must not: workerd drops the promises of a request
 * that ends, and a request that waits for them never continues.
 */
export const requestsCanShareWork = (): boolean => globalThis.navigator?.userAgent !== 'Cloudflare-Workers'
