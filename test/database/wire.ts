import type { Reply, SideBySideConnection } from '../../src/database/connection.ts'
import { type ConnectionOptions, createOpener } from '../../src/database/open-connection.ts'

/** A connection that sends transactions of one message together, whatever its pool would send together. */
export interface Wire extends AsyncDisposable {
  connection: SideBySideConnection
  /**
   * Sends transactions of one statement each in one socket write.
   *
   * @returns the rows of each; the error of PostgreSQL, or the error of a connection that failed
   */
  send(...statements: [text: string, ...parameters: unknown[]][]): Promise<(unknown[][] | Error)[]>
}

/** Opens a connection: `await using wire = openWire({ url: main.appUrl })`. */
export function openWire(options: ConnectionOptions): Wire {
  const connection = createOpener(options)()
  return {
    connection,
    async send(...statements) {
      const replies = statements.map(() => Promise.withResolvers<Reply>())
      connection.sendSideBySide(
        statements.map(([text, ...parameters], at) => ({
          statements: [{ text, parameters }],
          resolve: (reply) => replies[at]?.resolve(reply),
          reject: (error) => replies[at]?.reject(error),
        })),
      )
      const settled = await Promise.allSettled(replies.map(({ promise }) => promise))
      return settled.map((one) => (one.status === 'rejected' ? one.reason : (one.value.error ?? rowsOf(one.value))))
    },
    [Symbol.asyncDispose]: () => connection.close(),
  }
}

const rowsOf = ({ results }: Reply): unknown[][] => results.flatMap(({ rows }) => rows)
