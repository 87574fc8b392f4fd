import { tenantIdOf } from '../db/seed-many.ts'

/** What the connections of an attacker send. */
export interface Attack {
  connections: number
  /** Between a response and the next request of a connection, in milliseconds. */
  pauseMs: number
  /** The bytes of a request; `number` counts the connections from 0. */
  request(number: number): Uint8Array
  /** Bytes that follow the request again and again, until the server closes the connection. */
  drip?: Uint8Array
  /** False for a connection that never reads. */
  reads: boolean
}

const encoder = new TextEncoder()
const text = (lines: string[], body = '') => encoder.encode(`${[...lines, 'Host: x', '', ''].join('\r\n')}${body}`)
const of = (tenant: number) => `X-Tenant-Id: ${tenantIdOf(tenant)}`
const json = 'Content-Type: application/json'
const get = (path: string, tenant: number) => text([`GET ${path} HTTP/1.1`, of(tenant)])
const post = (path: string, tenant: number, body: string) =>
  text([`POST ${path} HTTP/1.1`, of(tenant), json, `Content-Length: ${body.length}`], body)
const patch = (path: string, tenant: number, body: string) =>
  text([`PATCH ${path} HTTP/1.1`, of(tenant), json, `Content-Length: ${body.length}`], body)

/** A body of the largest legal size, without its last byte. */
const unfinished = (tenant: number | undefined) =>
  text(
    ['POST /tasks HTTP/1.1', ...(tenant === undefined ? [] : [of(tenant)]), json, 'Content-Length: 131072'],
    '{'.padEnd(131_071),
  )
const inChunks = (tenant: number | undefined) =>
  text(['POST /tasks HTTP/1.1', ...(tenant === undefined ? [] : [of(tenant)]), json, 'Transfer-Encoding: chunked'])

const email = (length: number) => `{"email":"a@${'a.'.repeat(length / 2)}","name":"x"}`
const reading = { pauseMs: 0, reads: true }

/** The fat tenant has a page of tasks with the longest descriptions. Tenants 3 to 7 are slow: each has a locked task. */
export const fatTenant = 8
export const slowTenants = [3, 4, 5, 6, 7]

/** The attacks by name. Tenant 1 attacks, unless it is said otherwise. Tenant 2 is the victim, which no attack uses. */
export const attacks = {
  lists: { ...reading, connections: 128, request: () => get('/tasks', 1) },
  'fat pages': { ...reading, connections: 64, request: () => get('/tasks?limit=100', fatTenant) },
  'many connections': { connections: 4000, pauseMs: 5000, reads: true, request: () => get('/tasks', 1) },
  'slow tenants': {
    ...reading,
    connections: 10,
    request: (number) => patch(`/tasks/${lockedTask}`, slowTenants[number % 5] ?? 0, '{"status":"done"}'),
  },
  'e-mail': { ...reading, connections: 8, request: () => post('/users', 1, email(1_048_000)) },
  'shorter e-mail': { ...reading, connections: 8, request: () => post('/users', 1, email(8000)) },
  brackets: { ...reading, connections: 8, request: () => post('/tasks', 1, '['.repeat(131_072)) },
  'unfinished bodies, no token': { connections: 1500, pauseMs: 0, reads: true, request: () => unfinished(undefined) },
  'unfinished bodies': { connections: 1500, pauseMs: 0, reads: true, request: () => unfinished(1) },
  'unfinished bodies of many tenants': {
    connections: 1500,
    pauseMs: 0,
    reads: true,
    request: (number) => unfinished(1 + number),
  },
  'chunks of one byte, no token': {
    connections: 64,
    pauseMs: 0,
    reads: true,
    request: () => inChunks(undefined),
    drip: encoder.encode('1\r\nx\r\n'.repeat(100)),
  },
  'chunks of one byte': {
    connections: 64,
    pauseMs: 0,
    reads: true,
    request: () => inChunks(1),
    drip: encoder.encode('1\r\n \r\n'.repeat(100)),
  },
  'unread docs': {
    connections: 1000,
    pauseMs: 0,
    reads: false,
    request: () => get('/docs/swagger-ui-dist/swagger-ui-bundle.js', 1),
  },
  'unread fat pages': {
    connections: 300,
    pauseMs: 0,
    reads: false,
    request: () => get('/tasks?limit=100', fatTenant),
  },
  'bodies of 1 MiB': { connections: 900, pauseMs: 0, reads: true, request: () => post('/tasks', 1, ' '.repeat(1_048_576)) },
  'bodies that wait': {
    connections: 900,
    pauseMs: 0,
    reads: true,
    request: () => post('/tasks', 1, ' '.repeat(131_072)),
  },
} satisfies Record<string, Attack>

export type AttackName = keyof typeof attacks

/** Every tenant has a task with this id, when `stride` is 0. */
export const lockedTask = '5eed0000-0000-7000-8002-000000000001'
