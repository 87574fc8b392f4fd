import { afterAll, expect, test } from 'bun:test'
import { type Connection, openConnection } from '../../src/database/index.ts'
import { examine } from '../../src/isolation/examine.ts'
import { dropPlainRoles, plainDatabase, plainTable } from './plain-database.ts'

afterAll(dropPlainRoles)

/** A connection that counts the messages which are sent. */
function counting(connection: Connection): Connection & { sent: number } {
  return {
    ...connection,
    sent: 0,
    send(...parameters) {
      this.sent += 1
      return connection.send(...parameters)
    },
    command(text) {
      this.sent += 1
      return connection.command(text)
    },
    get status() {
      return connection.status
    },
  }
}

/** The number of messages that a report takes. Without a tenant, each query of a table fails: the setting does not exist. */
async function messagesFor(tables: number): Promise<number> {
  const { owner, role, url } = await plainDatabase()
  await owner.unsafe(Array.from({ length: tables }, (_, n) => plainTable(`t${n}`, 'note text', role)).join('\n'))
  const connection = openConnection({ url })
  const counted = counting(connection)
  await connection.command('begin read only')
  const { tables: found, findings } = await examine(counted, { tenantColumn: 'org_id', asTenant: true })
  await connection.close()
  expect(found.filter(({ select }) => select.state === 'tried')).toHaveLength(tables + 2)
  expect([found.length, findings.filter(({ check }) => check === 'not-tried')]).toEqual([tables + 2, []])
  return counted.sent
}

test('a report of 60 tables takes as many queries as one of 3', async () => {
  expect(await messagesFor(60)).toBe(await messagesFor(3))
})
