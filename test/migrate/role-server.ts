import { afterAll, afterEach } from 'bun:test'
import postgres from 'postgres'
import { startPostgres } from '../postgres.ts'

/**
 * A server for the tests of a file that create and drop roles, which belong to a whole server. After each test its
 * databases and roles are dropped, so that each test begins without `app_user` and other roles.
 */
export async function startRoleServer() {
  const server = await startPostgres()
  const owner = postgres(server.ownerUrl, { max: 1, onnotice: () => {} })
  const databases: string[] = []
  const urlOf = (database: string, login: { username?: string; password?: string } = {}) =>
    Object.assign(new URL(server.ownerUrl), { pathname: `/${database}`, ...login }).href

  const clients: postgres.Sql[] = []

  afterEach(async () => {
    await Promise.all(clients.splice(0).map((client) => client.end()))
    for (const name of databases.splice(0)) await owner.unsafe(`drop database ${name} with (force)`)
    const roles = await owner`select quote_ident(rolname) as name from pg_roles where rolname !~ '^(pg_|postgres$)'`
    if (roles.length > 0) await owner.unsafe(`drop role ${roles.map(({ name }) => name).join(', ')}`)
  })
  afterAll(async () => {
    await owner.end()
    await server.stop()
  })

  async function createDatabase(role = 'postgres'): Promise<string> {
    const name = `database_${databases.length}`
    databases.push(name)
    await owner.unsafe(`create database ${name} owner ${role}`)
    return name
  }

  return {
    /** A superuser, connected to the database `postgres`. */
    owner,
    as: (database: string, username: string, password: string) => urlOf(database, { username, password }),
    /** The URL of a database as the role `landlord`. */
    asLandlord: (url: string) => Object.assign(new URL(url), { username: 'landlord', password: 'x' }).href,
    /** A client, closed after the test. */
    connect(url: string): postgres.Sql {
      const sql = postgres(url, { max: 1, onnotice: () => {} })
      clients.push(sql)
      return sql
    },
    /** Creates an empty database, and returns its URL as a superuser. */
    createDatabase: async () => urlOf(await createDatabase()),
    /** Creates a role that is no superuser, with a database of its own. */
    async createLandlord(attributes = '') {
      await owner.unsafe(`create role landlord login ${attributes} password 'x'`)
      const database = await createDatabase('landlord')
      return { database, url: urlOf(database, { username: 'landlord', password: 'x' }) }
    },
  }
}
