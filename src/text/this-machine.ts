/** Whether the host of a URL is this machine. */
export const isThisMachine = (hostname: string): boolean => ['localhost', '127.0.0.1', '[::1]'].includes(hostname)

const address = /^(?:\[[\da-f:.]+\]|\d{1,3}(?:\.\d{1,3}){3})$/

/**
 * The name in a Host header, without its port.
 *
 * @example
 * hostnameOf('Acme.localhost:3000') // 'acme.localhost'
 */
export const hostnameOf = (host: string): string => host.toLowerCase().replace(/:\d*$/, '').replace(/\.$/, '')

/**
 * Whether a hostname is an address, `localhost`, or a name under it (RFC 6761, section 6.3). Every other name is resolved by DNS,
 * and its owner can let it point to this machine.
 */
export const isAddressOrLocalhost = (hostname: string): boolean =>
  address.test(hostname) || hostname === 'localhost' || hostname.endsWith('.localhost')
