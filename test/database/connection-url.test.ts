import { describe, expect, test } from 'bun:test'
import { parseConnectionUrl } from '../../src/database/connection-url.ts'
import { createPool } from '../../src/database/index.ts'
import { type DatabaseUrl, parseDatabaseUrl, readDatabaseUrl } from '../../src/text/index.ts'
import { temporaryFolder } from '../runtime/child.ts'

const clientOf = (url: string) => parseConnectionUrl(url).client
const problemOf = (url: string) => {
  const read = readDatabaseUrl(url)
  return 'problem' in read ? read.problem : ''
}

describe('the parts of a URL are those of libpq', () => {
  const ada = { user: 'ada', password: '', host: 'localhost', port: 5432, database: 'acme' }

  test.each<[string, Partial<DatabaseUrl>]>([
    ['postgres://ada:p%40ss%25%20@db.example:6543/acme', { password: 'p@ss% ', host: 'db.example', port: 6543 }],
    ['postgresql://ada@[::1]/my%20db%23b', { host: '::1', database: 'my db#b' }],
    ['postgres://ada:a#b:c@localhost/acme', { password: 'a#b:c' }],
    ['postgres://ada@ignored/acme?host=/var/run/postgresql', { host: '/var/run/postgresql' }],
    ['postgres://ada:p@/acme?host=/cloudsql/a:b:c', { password: 'p', host: '/cloudsql/a:b:c' }],
    ['postgres://ada@%2Fvar%2Frun/acme', { host: '/var/run' }],
    ['postgresql:///acme?host=db.example&user=ada&port=7', { host: 'db.example', port: 7 }],
    ['postgresql://?dbname=acme&user=ada&password=p%26q', { password: 'p&q' }],
    ['postgres://eve:x@localhost:1/other?user=ada&password=y&port=2&dbname=acme', { password: 'y', port: 2 }],
    ['postgres://acme@localhost', { user: 'acme' }],
    ['postgres://ada@localhost:/acme?host=&port=', {}],
  ])('%s', (url, parts) => {
    expect(parseDatabaseUrl(url)).toMatchObject({ ...ada, ...parts })
  })

  test('the session has the application name and the options', () => {
    const url = 'postgres://ada@localhost/acme?options=-c%20lock_timeout%3D50ms&application_name=billing'
    expect(clientOf(url)).toMatchObject({ options: '-c lock_timeout=50ms', application_name: 'billing' })
    expect(clientOf('postgres://ada@localhost/acme').application_name).toBe('rowhouse')
  })

  test('connect_timeout is in seconds', () => {
    expect(parseConnectionUrl('postgres://ada@localhost/acme?connect_timeout=7').connectTimeoutMs).toBe(7000)
  })
})

test.each([
  ['', true],
  ['?prepare=true', true],
  ['?prepare=false', false],
])('reads from "%s" whether statements are named: %p', (search, prepare) => {
  expect(parseConnectionUrl(`postgres://localhost/acme${search}`).prepare).toBe(prepare)
})

describe('a URL that is not understood is refused, with the part and without a value', () => {
  test.each([
    ['', 'must be a URL such as postgres://'],
    ['postgres://', 'must be a URL such as'],
    ['mysql://s3cret@localhost/acme', 'must be a URL such as'],
    ['postgres://ada:s3cret/@localhost/acme', 'its port is not a number from 1 to 65535. In the user and the password'],
    ['postgres://ada:s3cret@localhost:99999/acme', 'its port is not a number'],
    ['postgres://ada:s3cret@localhost:0/acme', 'its port is not a number'],
    ['postgres://ada:s3@cret@localhost/acme', 'its host is not valid. In the user and the password, write @ as %40'],
    ['postgres://s3cret@[::', 'its host is not valid'],
    ['postgres://ada:s3cret%@localhost/acme', 'after a % there must be two hex digits'],
    ['postgres://ada:s3cret%00@localhost/acme', 'is malformed'],
    ['postgres://ada:s3cret@one,two/acme', 'names several hosts: name one'],
    ['postgres://ada:s3cret@/acme?host=one,two', 'names several hosts: name one'],
    ['postgres://ada:s3cret@localhost/acme?s3cret@x', 'has a parameter whose name is malformed'],
    ['postgres://localhost/acme?connect_timeout=soon', 'has a connect_timeout that is not a whole number of seconds'],
    ['postgres://localhost/acme?connect_timeout=', 'has a connect_timeout that'],
    ['postgres://localhost/acme?prepare=no', 'has a prepare that is neither true nor false'],
    ['postgres://localhost/acme?prepare', 'has the parameter prepare without a value'],
    ['postgres://localhost/acme?user=a&user=b', 'sets user twice'],
    [
      'postgres://localhost/acme?channel_binding=require',
      'channel_binding, which is not supported: remove it, and write',
    ],
    ['postgres://localhost/acme?pgbouncer=true', 'pgbouncer, which is not supported: write prepare=false'],
    ['postgres://localhost/acme?tls=true', 'has the parameter tls, which is not supported: write sslmode=require'],
    ['postgres://localhost/acme?SSLMODE=require', 'has the unknown parameter "SSLMODE": did you mean sslmode?'],
    ['postgres://localhost/acme?sslcrl=x', 'has the unknown parameter "sslcrl": did you mean ssl'],
    ['postgres://localhost/acme?gssencmode=x', 'has the unknown parameter "gssencmode". The known ones are host, port'],
    ['postgres://localhost/acme?toString=x', 'has the unknown parameter "toString"'],
  ])('%s', (url, problem) => {
    expect(problemOf(url)).toContain(problem)
    expect(problemOf(url)).not.toMatch(/s3|cret@|cret%/)
    expect(() => createPool({ url, size: 1 })).toThrow(`The database's URL ${problemOf(url)}`)
  })
})

describe('TLS', () => {
  test.each([
    ['', false],
    ['?sslmode=disable', false],
    ['?sslmode=require', { rejectUnauthorized: false }],
    ['?ssl=true', { rejectUnauthorized: false }],
    ['?sslmode=verify-full', { rejectUnauthorized: true }],
    ['?sslmode=verify-full&sslrootcert=system', { rejectUnauthorized: true }],
    ['?sslrootcert=system', { rejectUnauthorized: true }],
  ])('follows "%s" as libpq defines it', (search, ssl) => {
    expect(clientOf(`postgres://localhost/acme${search}`).ssl).toEqual(ssl)
  })

  test.each(['sslmode=require', 'sslmode=verify-ca'])('verifies the CA with %s and sslrootcert', async (mode) => {
    using folder = temporaryFolder()
    const ca = `${folder.path}/ca.pem`
    await Bun.write(ca, '-----BEGIN CERTIFICATE-----')
    expect(clientOf(`postgres://localhost/acme?${mode}&sslrootcert=${ca}`).ssl).toMatchObject({
      rejectUnauthorized: true,
      ca: '-----BEGIN CERTIFICATE-----',
    })
  })

  test.each([
    ['sslmode=verfy-full', 'has an unknown sslmode: write disable, require, verify-ca or verify-full'],
    ['sslmode=Verify-Full', 'has an unknown sslmode'],
    ['sslmode=', 'has an unknown sslmode'],
    ['sslmode=prefer', 'has sslmode=prefer, which sends plain text to a server without TLS'],
    ['sslmode=allow', 'has sslmode=allow, which sends plain text to a server without TLS'],
    ['ssl=1', 'has ssl without "true": write sslmode instead'],
    ['ssl=true&sslmode=disable', 'sets sslmode twice'],
    ['sslmode=verify-ca', 'has sslmode=verify-ca without sslrootcert'],
    ['sslmode=require&sslrootcert=system', 'has sslrootcert=system, which needs sslmode=verify-full'],
    ['sslrootcert=/ca.pem', 'has sslrootcert, but no TLS'],
    ['sslmode=disable&sslcert=/a&sslkey=/b', 'has sslcert, but no TLS'],
    ['sslmode=require&sslcert=/a', 'has one of sslcert and sslkey'],
    ['sslmode=require&host=/run', 'has sslmode=require with a Unix socket, which has no TLS'],
  ])('is never weaker than asked: refuses %s', (search, problem) => {
    expect(problemOf(`postgres://localhost/acme?${search}`)).toContain(problem)
  })

  test('refuses a file that is missing or has no certificate', async () => {
    using folder = temporaryFolder()
    const open = (name: string) => () =>
      createPool({ url: `postgres://localhost/acme?sslmode=verify-full&sslrootcert=${folder.path}/${name}`, size: 1 })
    await Bun.write(`${folder.path}/empty.pem`, '')
    expect(open('none.pem')).toThrow('has the parameter sslrootcert, whose file cannot be read: ENOENT')
    expect(open('empty.pem')).toThrow('has no CERTIFICATE in PEM format')
  })
})
