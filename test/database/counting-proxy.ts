import { type AddressInfo, connect, createServer } from 'node:net'

/** A proxy to PostgreSQL that counts round trips. */
export interface CountingProxy extends AsyncDisposable {
  /** The same URL through the proxy. */
  readonly url: string
  /**
   * Runs work and lets at most `most` round trips through. Work that waits for a further one never resolves. Answers that
   * the work does not wait for arrive after it.
   *
   * @returns the number of round trips of the work
   */
  within(most: number, work: () => Promise<unknown>): Promise<number>
}

/**
 * Opens a proxy in front of a PostgreSQL server that counts round trips. Messages that are written without waiting for an
 * answer count as one round trip.
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
    let hasRequest = false
    near.on('data', (bytes) => {
      hasRequest = true
      far.write(bytes)
    })
    far.on('data', (bytes) => {
      if (held.length > 0 || (hasRequest && left === 0)) return void held.push(() => near.write(bytes))
      if (hasRequest) left -= 1
      hasRequest = false // the rest of this answer belongs to the same round trip
      near.write(bytes)
    })
    for (const socket of [near, far]) {
      socket.on('error', () => {})
      socket.on('close', () => [near, far].forEach((each) => void each.destroy()))
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port: ownPort } = server.address() as AddressInfo // a TCP server that listens has an AddressInfo
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
