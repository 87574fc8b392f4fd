import { describe, expect, test } from 'bun:test'
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { loadConfig } from '../../src/service/config/config.ts'
import { readSecretFiles, secretSettings } from '../../src/service/config/secret-files.ts'
import { commandSettings, settings } from '../../src/service/config/settings.ts'
import { newFastFolder } from '../fast-folder.ts'
import { problemsOf } from './problems-of.ts'

type Environment = Record<string, string>

const url = 'postgres://app_user:s3cret@db.example:5432/app'
const long = 'x'.repeat(32)
const folder = newFastFolder()

/** A file with this content. */
function file(text: string): string {
  const path = join(folder, crypto.randomUUID())
  writeFileSync(path, text)
  return path
}

/** The environment with each secret in a file. */
const inFiles = (environment: Environment): Environment =>
  Object.fromEntries(
    Object.entries(environment).map(([name, value]) =>
      secretSettings.includes(name) ? [`${name}_FILE`, file(`${value}\n`)] : [name, value],
    ),
  )

const jwt = { AUTH: 'jwt', JWT_ISSUER: 'https://issuer.example', JWT_AUDIENCE: 'api' }
const certificate = { GATEWAY_CERTIFICATE: 'CN=gateway', GATEWAY_CERTIFICATE_HEADER: 'X-Client-Cert' }

describe('the service reads from files', () => {
  test.each<[string, Environment]>([
    ['ROWHOUSE_SECRET and the one before it', { ROWHOUSE_SECRET: long, ROWHOUSE_SECRET_PREVIOUS: long.toUpperCase() }],
    ['TENANT_SIGNING_KEY', { TENANT_SIGNING_KEY: `${long},${'y'.repeat(32)}` }],
    ['JWT_SECRET', { ...jwt, JWT_SECRET: long }],
    ['JWT_PUBLIC_KEY', { ...jwt, JWT_PUBLIC_KEY: '-----BEGIN PUBLIC KEY-----\nabc\n-----END PUBLIC KEY-----' }],
    ['GATEWAY_SECRET', { AUTH: 'gateway', GATEWAY_SECRET: long }],
    ['GATEWAY_CERTIFICATE', { AUTH: 'gateway', ...certificate }],
  ])('%s', (_, secrets) => {
    const environment = { DATABASE_URL: url, ...secrets }
    const { database, ...rest } = loadConfig(inFiles(environment))
    const { database: wanted, ...others } = loadConfig(environment)
    expect(rest).toEqual(others)
    expect(database).toEqual({ ...wanted, urlFile: database.urlFile, replicaUrlFile: database.replicaUrlFile })
  })
})

test('each setting that holds a secret can be a file', () => {
  const names = [...Object.keys(settings.shape), ...commandSettings]
  const secrets = names.filter((name) => /(?:DATABASE_\w*URL|SECRET(?:_PREVIOUS)?|_KEY|_CERTIFICATE)$/.test(name))
  expect(secrets.toSorted()).toEqual(secretSettings.toSorted())
})

test.each(['', '\n', '\r\n', '\n\n'])('cuts the newlines at the end of a file, as $(cat …) does (%j)', (end) => {
  expect(readSecretFiles({ JWT_SECRET_FILE: file(` one\ntwo ${end}`) }).environment).toEqual({
    JWT_SECRET: ' one\ntwo ',
  })
})

test('drops the byte order mark that some editors write', () => {
  expect(loadConfig({ DATABASE_URL_FILE: file(`\uFEFF${url}\r\n`) }).database.url).toBe(url)
})

test('an empty variable counts as unset', () => {
  const path = file(url)
  expect(loadConfig({ DATABASE_URL: '', DATABASE_URL_FILE: path }).database.url).toBe(url)
  expect(loadConfig({ DATABASE_URL: url, DATABASE_URL_FILE: '' })).toEqual(loadConfig({ DATABASE_URL: url }))
})

test('a setting and its file are refused together, and both are named', () => {
  const message = problemsOf({ DATABASE_URL: url, DATABASE_URL_FILE: file(url) })
  expect(message).toContain('  - DATABASE_URL and DATABASE_URL_FILE are both set: remove one of them\n')
})

describe('a file that gives no value is one line of the message, without its path or its content', () => {
  mkdirSync(join(folder, 's3cret'))
  const locked = file('s3cret')
  chmodSync(locked, 0)
  test.each([
    ['a missing one', join(folder, 's3cret-path'), 'does not exist'],
    ['a secret instead of a path', url, 'does not exist'],
    ['a folder', join(folder, 's3cret'), 'is a folder'],
    ['an empty one', file('\n'), 'is empty'],
    ['one with a NUL in its name', 's3cret\0', 'cannot be read (ERR_INVALID_ARG_VALUE)'],
    ...(process.getuid?.() === 0 ? [] : [['an unreadable one', locked, 'may not be read by this user'] as const]),
  ])('%s', (_, path, problem) => {
    const message = problemsOf({ DATABASE_URL: url, JWT_SECRET_FILE: path })
    expect(message.split('\n')[1]).toBe(`  - JWT_SECRET_FILE names a file that ${problem}`)
    expect(message).not.toContain('s3cret')
  })
})

test('each unreadable file is named', () => {
  const message = problemsOf({ DATABASE_URL_FILE: '/nowhere/a', TENANT_SIGNING_KEY_FILE: '/nowhere/b' })
  expect(message.match(/^ {2}- (\w+)/gm)).toEqual(['  - DATABASE_URL_FILE', '  - TENANT_SIGNING_KEY_FILE'])
})

describe('a value from a file is checked as one from a variable, and the message names the file’s variable', () => {
  test.each<[string, Environment]>([
    ['DATABASE_URL', { DATABASE_URL_FILE: file('mysql://root:s3cret@db') }],
    ['JWT_SECRET', { DATABASE_URL: url, ...jwt, JWT_SECRET_FILE: file('s3cret') }],
    ['GATEWAY_SECRET', { DATABASE_URL: url, AUTH: 'gateway', GATEWAY_SECRET_FILE: file('s3cret') }],
  ])('%s', (setting, environment) => {
    const message = problemsOf(environment)
    expect(message.split('\n')[1]).toStartWith(`  - ${setting} (from ${setting}_FILE) must `)
    expect(message).not.toContain('s3cret')
  })
})
