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
const drip = encoder.encode('1\r\nx\r\n'.repeat(100))
const reading = { pauseMs: 0, reads: true }

/** A tenant with a page of tasks that have the longest descriptions. */
export const fatTenant = 8
/** Tenants whose first task is locked by somebody else for as long as they attack. */
export const slowTenants = [3, 4, 5, 6, 7]
/** The first task of every tenant. */
export const lockedTask = '5eed0000-0000-7000-8002-000000000001'

/** Tenant 1 attacks, unless it is said otherwise. Tenant 2 is the victim, which no attack uses. */
export const floods = {
  lists: { ...reading, connections: 128, request: () => get('/tasks', 1) },
  'fat pages': { ...reading, connections: 64, request: () => get('/tasks?limit=100', fatTenant) },
  'many connections': { ...reading, connections: 4000, pauseMs: 5000, request: () => get('/tasks', 1) },
  'slow tenants': {
    ...reading,
    connections: 2 * slowTenants.length,
    request: (number) => patch(`/tasks/${lockedTask}`, slowTenants[number % 5] ?? 0, '{"status":"done"}'),
  },
  'long e-mail': { ...reading, connections: 8, request: () => post('/users', 1, email(1_048_000)) },
  'e-mail of 8 KB': { ...reading, connections: 8, request: () => post('/users', 1, email(8000)) },
  brackets: { ...reading, connections: 8, request: () => post('/tasks', 1, '['.repeat(131_072)) },
} satisfies Record<string, Attack>

/** Requests whose bytes a server could hold. Those without a token come before anybody is known. */
export const hoards = {
  'unfinished bodies, no token': { ...reading, connections: 1500, request: () => unfinished(undefined) },
  'unread docs, no token': {
    ...reading,
    connections: 1000,
    reads: false,
    request: () => text(['GET /docs/swagger-ui-dist/swagger-ui-bundle.js HTTP/1.1']),
  },
  'chunks of one byte, no token': { ...reading, connections: 64, request: () => inChunks(undefined), drip },
  'unread fat pages': {
    ...reading,
    connections: 300,
    reads: false,
    request: () => get('/tasks?limit=100', fatTenant),
  },
  'bodies of 1 MiB': { ...reading, connections: 900, request: () => post('/tasks', 1, ' '.repeat(1_048_576)) },
  'bodies of 128 KiB': { ...reading, connections: 900, request: () => post('/tasks', 1, ' '.repeat(131_072)) },
  'unfinished bodies of 1500 tenants': { ...reading, connections: 1500, request: (number) => unfinished(1 + number) },
} satisfies Record<string, Attack>

export const attacks: Record<string, Attack> = { ...floods, ...hoards }
