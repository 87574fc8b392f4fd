import { expect, test } from 'bun:test'
import { loadConfig } from '../../src/service/config/config.ts'
import { problemsOf } from './problems-of.ts'

const url = 'postgres://app_user:s3cret@db.example:5432/app'

test('reads the origins of pages and the path behind a proxy', () => {
  const { server } = loadConfig({
    DATABASE_URL: url,
    BASE_PATH: '/api/v1',
    CORS_ORIGINS: 'https://app.example.com, https://*.example.org:8443',
  })
  expect([server.basePath, server.corsOrigins]).toEqual([
    '/api/v1',
    ['https://app.example.com', 'https://*.example.org:8443'],
  ])
})

test.each(['/', 'api', '/api/', '//evil.example', '/a/../b', '/a b', '/a?b', 'https://example.com/api'])(
  'rejects the BASE_PATH %p in one line',
  (path) => {
    expect(problemsOf({ DATABASE_URL: url, BASE_PATH: path })).toContain(
      '  - BASE_PATH must be a path such as /api, without a slash at its end\n',
    )
  },
)

test.each(['*', 'null', 'app.example.com', 'https://app.example.com/', 'https://a.example.com;https://b.example.com'])(
  'rejects the origins %p in one line, without showing them',
  (origin) => {
    const message = problemsOf({ DATABASE_URL: url, CORS_ORIGINS: `https://secret.example.com ${origin}` })
    expect(message).toContain(
      '  - CORS_ORIGINS must list origins as a browser sends them, such as https://app.example.com, http://localhost:5173 or ' +
        'https://*.example.com: in lower case, without a path, and a star only after https://\n',
    )
    expect(message).not.toContain('secret')
  },
)

test.each(['Origin', 'forwarded', 'X-Forwarded-Host', 'x-forwarded-prefix'])('rejects %s as TENANT_HEADER', (name) => {
  expect(problemsOf({ DATABASE_URL: url, TENANT_HEADER: name })).toContain('TENANT_HEADER must not be a header')
})
