import { expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '../runtime/child.ts'

const files = ['docs/browsers-and-proxies.md', 'docs/going-to-production.md', 'containers/nginx.conf']

// The Host header can name another host than the target by which nginx chose its server.
test.each(files)('nginx passes on the host by which it chose its server, in %s', (file) => {
  const text = readFileSync(join(root, file), 'utf8')
  const hosts = text.matchAll(/^ *proxy_set_header (?:X-Forwarded-)?Host (\S+);/gm)
  expect([...hosts].map(([, host]) => host)).toEqual(['$host', '$host'])
})
