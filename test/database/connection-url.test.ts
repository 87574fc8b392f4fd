import { describe, expect, test } from 'bun:test'
import { parseConnectionUrl } from '../../src/database/connection-url.ts'

const clientOf = (url: string) => parseConnectionUrl(url).client

test.each([
  ['postgres://ada:p%40ss%25%20@db.example:6543/acme', 'ada', 'p@ss% ', 'db.example', 6543, 'acme'],
  ['postgresql://ada@[::1]/my%20db%23b', 'ada', '', '::1', 5432, 'my db#b'],
  ['postgres://ada@ignored/acme?host=/var/run/postgresql', 'ada', '', '/var/run/postgresql', 5432, 'acme'],
  ['postgres://ada@%2Fvar%2Frun/acme', 'ada', '', '/var/run', 5432, 'acme'],
])('parses %s', (url, user, password, host, port, database) => {
  expect(clientOf(url)).toEqual({ user, password, host, port, database, ssl: false })
})

test('logs in as the user before the host, whatever the parameters name', () => {
  const { user, password, port } = clientOf('postgres://ada:secret@localhost:5433/acme?user=eve&password=x&port=1')
  expect([user, password, port]).toEqual(['ada', 'secret', 5433])
})

test('passes options to the session', () => {
  const { options } = clientOf('postgres://ada@localhost/acme?options=-c%20lock_timeout%3D50ms')
  expect(options).toBe('-c lock_timeout=50ms')
})

test.each([
  ['', true],
  ['?prepare=true', true],
  ['?prepare=false', false],
])('reads from "%s" whether statements are named: %p', (search, prepare) => {
  expect(parseConnectionUrl(`postgres://localhost/acme${search}`).prepare).toBe(prepare)
})

describe('TLS', () => {
  test.each([
    ['disable', false],
    ['require', { rejectUnauthorized: false }],
    ['verify-ca', { rejectUnauthorized: true }],
    ['verify-full', { rejectUnauthorized: true }],
  ])('follows sslmode=%s as libpq defines it', (sslmode, ssl) => {
    expect(clientOf(`postgres://localhost/acme?sslmode=${sslmode}`).ssl).toEqual(ssl)
  })

  test('reads no certificate file', () => {
    expect(clientOf('postgres://localhost/acme?sslmode=require&sslrootcert=/nowhere').ssl).toEqual({
      rejectUnauthorized: false,
    })
  })
})
