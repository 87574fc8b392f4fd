export { behindProxies, type ProxiesOptions } from './behind-proxies.ts'
export { type CorsOptions, cors } from './cors.ts'
export { forwardedAddress, publicHost, publicPath, publicUrl } from './public-url.ts'
