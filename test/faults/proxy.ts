import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { createReader, createSplitter, type Message, type Phase, phaseOf, valuesOf } from './wire.ts'

/** Before a statement is passed on, before its response is passed on, or after the last message of the response. */
export type Moment = 'request' | 'response' | 'complete'

/** One connection through the proxy. */
export interface Link {
  /** The `client_port` in `pg_stat_activity`. */
  readonly port: number
  /** Resets both sides without a Terminate message. */
  cut(): void
  /** Passes nothing on any more, without closing it. */
  freeze(): void
  readonly isFrozen: boolean
  /** Half-closes one side: it gets the end of the stream, and can still send. */
  finish(side: 'client' | 'server'): void
}

/** A message that waits for a fault. It is passed on after the fault, unless the fault did so. */
export interface Passage {
  link: Link
  bytes: Buffer
  pass(bytes?: Buffer): void
}
export type Fault = (passage: Passage) => unknown

/** Returns the fault for this point, if any. */
export type Plan = (phase: Phase, moment: Moment) => Fault | undefined

/** A proxy to PostgreSQL that can inject faults. */
export interface FaultProxy extends AsyncDisposable {
  /** The URL of the database through the proxy. */
  readonly url: string
  /** The open connections. */
  readonly links: ReadonlySet<Link>
  /** The `client_port` of every connection, closed ones included. */
  readonly ports: ReadonlySet<number>
  /** The request ids (`app.request_id`) whose complete COMMIT was passed on to PostgreSQL. */
  readonly commits: ReadonlySet<string>
}

/**
 * Opens a proxy to a PostgreSQL server. It reads the protocol to find the phase of a transaction, and calls the plan for a
 * fault at each point. The same plan injects the same faults in the same order.
 *
 * @example
 * await using proxy = await openProxy(url, (phase, moment) => phase === 'commit' && moment === 'request' ? cut : undefined)
 */
export async function openProxy(url: string, plan: Plan = () => undefined): Promise<FaultProxy> {
  const { hostname, port } = new URL(url)
  const links = new Set<Link>()
  const ports = new Set<number>()
  const commits = new Set<string>()
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (near) => {
    const far = connect({ port: Number(port), host: hostname, allowHalfOpen: true, noDelay: true })
    const link = createLink(near, far, plan, commits)
    links.add(link)
    far.once('connect', () => ports.add(link.port))
    for (const socket of [near, far]) socket.once('close', () => near.destroyed && far.destroyed && links.delete(link))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port: ownPort } = server.address() as AddressInfo // a string only for a pipe, null only when not listening
  return {
    url: Object.assign(new URL(url), { host: `127.0.0.1:${ownPort}` }).href,
    links,
    ports,
    commits,
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => server.close(resolve))
      for (const link of links) link.cut()
      await closed
    },
  }
}

function createLink(near: Socket, far: Socket, plan: Plan, commits: Set<string>): Link {
  // The statements without a response yet. Those that are sent together end with one Sync and one ReadyForQuery.
  const open: (Phase | 'sync')[] = ['connect', 'sync']
  const statementOf = createReader()
  let last: Phase | undefined
  let requestId = ''
  let frozen = false

  const link: Link = {
    get port() {
      return far.localPort ?? 0
    },
    cut: () => [near, far].forEach((socket) => void socket.resetAndDestroy()),
    freeze() {
      frozen = true
      for (const socket of [near, far]) socket.pause()
    },
    get isFrozen() {
      return frozen
    },
    finish: (side) => void (side === 'client' ? near : far).end(),
  }

  const write = (to: Socket, bytes: Buffer) => !frozen && to.writable && to.write(bytes)

  async function passOn(to: Socket, { bytes }: Message, fault: Fault | undefined, isCommit = false): Promise<void> {
    let passed = false
    const pass = (part = bytes) => {
      passed = true
      if (write(to, part) && isCommit && part.length === bytes.length) commits.add(requestId)
    }
    await fault?.({ link, bytes, pass })
    if (!passed) pass()
  }

  // Without BEGIN, the Sync of the message that sets the tenant is its COMMIT.
  let isAlone = false

  async function fromClient(message: Message): Promise<void> {
    if (message.type === 'S') {
      const commits = isAlone
      isAlone = false
      open.push(...(commits ? (['commit', 'sync'] as const) : (['sync'] as const)))
      return await passOn(far, message, commits ? plan('commit', 'request') : undefined, commits)
    }
    const statement = statementOf(message)
    if (statement === undefined)
      return await passOn(far, message, message.type === 'startup' ? plan('connect', 'request') : undefined)
    const before = last
    last = phaseOf(statement, before)
    if (last === 'begin' || last === 'commit') isAlone = false
    if (last === 'confirm') isAlone = before !== 'begin'
    open.push(last, ...(message.type === 'Q' ? (['sync'] as const) : []))
    if (last === 'confirm') requestId = valuesOf(message)[1] ?? ''
    await passOn(far, message, plan(last, 'request'), last === 'commit')
  }

  let isAnswering = false
  async function fromServer(message: Message): Promise<void> {
    const phase = open[0] === undefined || open[0] === 'sync' ? 'connect' : open[0]
    await passOn(near, message, isAnswering ? undefined : plan(phase, 'response'))
    const { type } = message
    if (type === 'E') open.splice(1, open.indexOf('sync') - 1) // PostgreSQL skips the statements after an error
    const isDone = type === 'Z' || (['C', 'I'].includes(type) && open[1] !== 'sync')
    isAnswering = !isDone
    if (!isDone) return
    open.splice(0, type === 'Z' ? 2 : 1)
    await plan(phase, 'complete')?.({ link, bytes: Buffer.alloc(0), pass: () => {} })
  }

  pump(near, far, 'client', fromClient)
  pump(far, near, 'server', fromServer)
  return link
}

/** Passes on messages one after another, then the end of the stream. */
function pump(from: Socket, to: Socket, sender: 'client' | 'server', handle: (message: Message) => Promise<void>) {
  const split = createSplitter(sender)
  let turn: Promise<unknown> = Promise.resolve()
  const next = (step: () => unknown) => {
    turn = turn.then(step)
  }
  from.on('data', (chunk: Buffer) => split(chunk).forEach((message) => void next(() => handle(message))))
  from.on('end', () => next(() => to.end()))
  from.on('error', () => to.destroy())
}
