import type { Target } from '../../src/testing/index.ts'
import { newTenant, respelled } from '../tenants.ts'
import { show, type Template } from './requests.ts'

/** A tenant that sends requests, with the ids that it created and guessed. */
export interface Sender {
  tenant: string
  /** A part of every text that it writes. */
  mark: string
  /** Ids of created rows, by the path of the request; at `/undo`, the ids of the requests. */
  made: Map<string, string[]>
  /** Ids of other tenants or absent rows, by placeholder. */
  guessed: Map<string, string>
}

/** A request and its response. */
export interface Reply {
  request: string
  status: number
  headers: string[]
  body: string
}

export const newSender = (mark = ''): Sender => ({ tenant: newTenant(), mark, made: new Map(), guessed: new Map() })

/** Sends a request as a tenant. Placeholders are filled with its own ids and those of another tenant. */
export async function send(target: Target, template: Template, self: Sender, other: Sender): Promise<Reply> {
  const fill = (text: string) => text.replace(/\{(own|foreign|absent|tenant|TENANT|other|mark)([^{}]*)\}/g, valueFor)
  function valueFor(placeholder: string, kind: string, which: string): string {
    if (kind === 'mark') return self.mark
    if (kind === 'tenant') return self.tenant
    if (kind === 'TENANT') return respelled(self.tenant)
    const [, collection = '', index = ''] = which.split(' ')
    const own = self.made.get(collection) ?? []
    // Depends only on its own requests, so that repeated requests refer to the same rows.
    if (kind === 'own' && own.length > 0) return own[Number(index) % own.length] ?? ''
    const foreign = kind === 'other' ? other.tenant : kind === 'foreign' && other.made.get(collection)?.[Number(index)]
    const guess = self.guessed.get(placeholder) ?? (foreign || crypto.randomUUID())
    self.guessed.set(placeholder, guess)
    return guess
  }
  const { method } = template
  const headers = Object.entries(template.headers).map(([name, value]): [string, string] => [name, fill(value)])
  const init = { method, headers, ...(template.body === undefined ? {} : { body: fill(template.body) }) }
  const response = await target.request(fill(template.path), init)
  const body = await response.text()
  if (method === 'POST' && response.status === 201) {
    const { data, requestId }: { data: { id: string }; requestId: string } = JSON.parse(body)
    self.made.set(template.path, [...(self.made.get(template.path) ?? []), data.id])
    self.made.set('/undo', [...(self.made.get('/undo') ?? []), requestId])
  }
  const lines = [...response.headers].filter(([name]) => name !== 'date').map(([name, value]) => `${name}: ${value}`)
  return { request: show(template), status: response.status, headers: lines, body }
}

/** The replies with ids numbered in order of appearance, the names of the tenants instead of theirs, and without times. */
export function normalised(replies: Reply[], [a, b]: [Sender, Sender]): Reply[] {
  const ids: string[] = []
  const numbered = (id: string) => {
    if (!ids.includes(id.toLowerCase())) ids.push(id.toLowerCase())
    return `id-${ids.indexOf(id.toLowerCase())}`
  }
  const plain = (text: string) =>
    text
      .replaceAll(a.tenant, 'A')
      .replaceAll(b.tenant, 'B')
      .replace(/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/gi, numbered)
      .replace(/(?<=[="])[\w-]{60,}(?=["&])/g, 'cursor')
      .replace(/(?<="next":")[\w-]{38,}(?=")/g, 'position')
      .replace(/(?<=")1-[\w-]{16}-[0-9a-z]+(?=")/g, 'tag')
      .replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,3})?(?:Z|\+00:00)/g, 'time')
  return replies.map(({ request, status, headers, body }) => ({
    request,
    status,
    // A time in an entry has no zeros at its end, so its length varies.
    headers: headers
      .map(plain)
      .filter((line) => !(request.includes('/audit-log') && line.startsWith('content-length:'))),
    body: plain(body),
  }))
}
