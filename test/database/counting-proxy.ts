import { type AddressInfo, connect, createServer } from 'node:net'

/** A way to PostgreSQL that counts round trips. */
export interface CountingProxy extends AsyncDisposable {
  /** The same URL through the proxy. */
  readonly url: string
  /**
   * Does something while no more than so many round trips are let through: what it still waits for then never comes. What
   * is answered besides, without being waited for, arrives when it is over.
   *
   * @returns how many it took
   */
  within(most: number, work: () => Promise<unknown>): Promise<number>
}

/**
 * Opens a proxy before a PostgreSQL server that counts round trips: how often PostgreSQL answers after it has been asked.
 * However many messages are written without waiting for an answer, it is one.
 *
 * @example
 * await using proxy = await openCountingProxy(main.appUrl)
 */
export async function openCountingProxy(url: string): Promise<CountingProxy> {
  const { hostname, port } = new URL(url)
  let left = Number.POSITIVE_INFINITY
  const held: (() => void)[] = []
  const server = createServer({ noDelay: true }, (near) => {
    const far = connect({ port: Number(port), host: hostname, noDelay: true })
    let isAsked = false
    near.on('data', (bytes) => {
      isAsked = true
      far.write(bytes)
    })
    far.on('data', (bytes) => {
      if (held.length > 0 || (isAsked && left === 0)) return void held.push(() => near.write(bytes))
      if (isAsked) left -= 1
      isAsked = false // the rest of this answer is of the same round trip
      near.write(bytes)
    })
    for (const socket of [near, far]) {
      socket.on('error', () => {})
      socket.on('close', () => [near, far].forEach((each) => void each.destroy()))
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port: ownPort } = server.address() as AddressInfo // a string only for a pipe, null only when not listening
  return {
    url: Object.assign(new URL(url), { host: `127.0.0.1:${ownPort}` }).href,
    async within(most, work) {
      left = most
      await work()
      const took = most - left
      left = Number.POSITIVE_INFINITY
      for (const deliver of held.splice(0)) deliver()
      return took
    },
    async [Symbol.asyncDispose]() {
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
