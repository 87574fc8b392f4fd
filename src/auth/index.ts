export { unverified } from '../context/index.ts'
export { type GatewayOptions, gateway } from './gateway.ts'
export { type JwtKey, type JwtOptions, jwt } from './jwt.ts'
export type { RemoteKeysOptions } from './remote-options.ts'
