import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from '../../postgres.ts'
import { root, start, until } from '../../runtime/child.ts'

/** The program, undefined where it is not installed. */
export const nginx = Bun.which('nginx') ?? Bun.which('/usr/sbin/nginx') ?? undefined

const page = await readFile(join(root, 'docs/browsers-and-proxies.md'), 'utf8')
const [, location = ''] = /^```nginx\n(.*?)^```$/ms.exec(page) ?? []

/**
 * Starts nginx with the location of docs/browsers-and-proxies.md, which removes the prefix `/api`.
 *
 * @param service the URL of the service behind it
 * @param change changes the location
 * @returns the URL of nginx
 */
export async function startNginx(service: string, change = (text: string) => text) {
  const folder = await mkdtemp(join(tmpdir(), 'rowhouse-nginx-'))
  await mkdir(join(folder, 'tmp'))
  const port = await freePort()
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
  const text = `daemon off; pid nginx.pid; error_log stderr; events {}
    http {
      access_log off;
      ${temporary.map((name) => `${name}_temp_path tmp/${name};`).join(' ')}
      server { listen 127.0.0.1:${port}; ${change(location.replace('http://127.0.0.1:3000', service))} }
    }`
  await Bun.write(join(folder, 'nginx.conf'), text)
  const child = start([nginx ?? 'nginx', '-e', 'stderr', '-p', folder, '-c', 'nginx.conf'])
  const url = `http://127.0.0.1:${port}`
  await until(async () => {
    const answer = await fetch(url).catch(() => undefined)
    return answer !== undefined
  })
  return {
    url,
    async [Symbol.asyncDispose]() {
      child.signal('SIGTERM') // its workers end with it
      await child.exited
      await rm(folder, { recursive: true, force: true })
    },
  }
}
