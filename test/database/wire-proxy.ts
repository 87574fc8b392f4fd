import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { createReader, createSplitter, type Message } from '../faults/wire.ts'

/** One socket write of a client: its transactions, each with the texts of its statements up to one Sync. */
export interface Write {
  transactions: string[][]
  /** How many statements PostgreSQL parses. */
  parsed: number
}

/** A proxy to PostgreSQL that records the socket writes of the clients, and can split the replies. */
export interface WireProxy extends AsyncDisposable {
  /** The same URL through the proxy. */
  readonly url: string
  /** The socket writes since it was last emptied, without those of logins. */
  writes: Write[]
  /** Splits what PostgreSQL sends. Each part is passed on in a turn of the event loop of its own. */
  split: (bytes: Buffer) => Buffer[]
  /** Cuts the connections when this many further bytes of PostgreSQL have been passed on. */
  cutAfter: number
}

/**
 * Opens a proxy in front of a PostgreSQL server. A client waits for the replies to a write before its next one, so that each chunk is
 * one write.
 *
 * @example
 * await using proxy = await openWireProxy(main.appUrl)
 */
export async function openWireProxy(url: string): Promise<WireProxy> {
  const { hostname, port } = new URL(url)
  const sockets = new Set<Socket>()
  const server = createServer({ noDelay: true }, (near) => {
    const far = connect({ port: Number(port), host: hostname, noDelay: true })
    const read = createWriteReader()
    near.on('data', (bytes: Buffer) => {
      const write = read(bytes)
      if (write.transactions.length > 0) proxy.writes.push(write)
      far.write(bytes)
    })
    passOn(far, near, proxy)
    for (const socket of [near, far]) {
      sockets.add(socket)
      socket.on('error', () => {})
      socket.on('close', () => [near, far].forEach((each) => void each.destroy()))
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port: ownPort } = server.address() as AddressInfo // a TCP server that listens has an AddressInfo
  const proxy: WireProxy = {
    url: Object.assign(new URL(url), { host: `127.0.0.1:${ownPort}` }).href,
    writes: [],
    split: (bytes) => [bytes],
    cutAfter: Number.POSITIVE_INFINITY,
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => server.close(resolve))
      for (const socket of sockets) socket.destroy()
      await closed
    },
  }
  return proxy
}

/** Passes on what PostgreSQL sends. */
function passOn(far: Socket, near: Socket, proxy: WireProxy): void {
  const parts: Buffer[] = []
  let isPassing = false
  const passNext = () => {
    const part = parts.shift()
    isPassing = part !== undefined
    if (!part) return
    near.write(part.subarray(0, proxy.cutAfter))
    proxy.cutAfter -= part.length
    if (proxy.cutAfter <= 0) near.end()
    else setImmediate(passNext)
  }
  far.on('data', (bytes: Buffer) => {
    parts.push(...proxy.split(bytes))
    if (!isPassing) passNext()
  })
}

/** Reads the chunks of one client. */
function createWriteReader(): (bytes: Buffer) => Write {
  const split = createSplitter('client')
  const textOf = createReader()
  let texts: string[] = []
  return (bytes) => {
    const write: Write = { transactions: [], parsed: 0 }
    for (const message of split(bytes)) {
      const text = textOf(message)
      if (text !== undefined) texts.push(text)
      if (message.type === 'P') write.parsed += 1
      if (!endsTransaction(message)) continue
      write.transactions.push(texts)
      texts = []
    }
    return write
  }
}

/** A message of the simple protocol has no Sync. */
const endsTransaction = ({ type }: Message): boolean => type === 'S' || type === 'Q'
