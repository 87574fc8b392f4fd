import { describe, test } from 'bun:test'
import { contractCases, testClient } from '../../src/testing/index.ts'
import { app, fixtures } from '../app.ts'
import { tenantIds } from '../tenants.ts'

const client = testClient(app)
const { body } = await client.anonymous.get('/openapi.json')

describe('every operation of the document', () => {
  for (const { name, run } of contractCases({ client, document: JSON.stringify(body), fixtures, ...tenantIds }))
    test(name, run)
})
