import { urlOf } from './address.ts'

// The HEALTHCHECK of the Dockerfile, whose image has no curl.

const { HOST, PORT } = process.env
const url = new URL('/health', urlOf(HOST || '0.0.0.0', Number(PORT || 3000)))
// Bun sends even requests for localhost to the proxy of `http_proxy`. The types do not declare `false`.
const direct: object = { proxy: false }
const response = await fetch(url, direct).catch(() => undefined)
process.exitCode = response?.ok ? 0 : 1
