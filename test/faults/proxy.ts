import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { createReader, createSplitter, type Message, type Phase, phaseOf, valuesOf } from './wire.ts'

/** Before a statement is passed on; before its answer is; when the last of its answer has been. */
export type Moment = 'asked' | 'answered' | 'done'

/** One connection through the proxy. */
export interface Link {
  /** The port that PostgreSQL knows it by: `client_port` in `pg_stat_activity`. */
  readonly port: number
  /** Resets both sides: nobody says farewell. */
  cut(): void
  /** Lets nothing through any more, without closing it. */
  freeze(): void
  readonly isFrozen: boolean
  /** Says to one side that the other has finished speaking, while it may go on speaking itself. */
  finish(side: 'client' | 'server'): void
}

/** A message on its way, held for as long as a fault takes. It is passed on afterwards, unless the fault did it. */
export interface Passage {
  link: Link
  bytes: Buffer
  pass(bytes?: Buffer): void
}
export type Fault = (passage: Passage) => unknown

/** Which fault to do at this point, if any. */
export type Plan = (phase: Phase, moment: Moment) => Fault | undefined

/** A way to PostgreSQL that can be disturbed. */
export interface FaultProxy extends AsyncDisposable {
  /** The same URL through the proxy. */
  readonly url: string
  /** What is connected now, on either side. */
  readonly links: ReadonlySet<Link>
  /** The ports that PostgreSQL knows its connections by, of all that ever were. */
  readonly ports: ReadonlySet<number>
  /** The request ids (`app.request_id`) whose COMMIT was passed on to PostgreSQL as a whole. */
  readonly commits: ReadonlySet<string>
}

/**
 * Opens a proxy before a PostgreSQL server. It reads the protocol to know where a transaction is, and asks a plan at each
 * point for a fault: with the same plan the same faults come in the same order.
 *
 * @example
 * await using proxy = await openProxy(url, (phase, moment) => phase === 'commit' && moment === 'asked' ? cut : undefined)
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
  // What PostgreSQL has not answered yet. Statements that are sent together end in one Sync, with one ReadyForQuery.
  const asked: (Phase | 'sync')[] = ['connect', 'sync']
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

  async function meet(to: Socket, { bytes }: Message, fault: Fault | undefined, isCommit = false): Promise<void> {
    let passed = false
    const pass = (part = bytes) => {
      passed = true
      if (write(to, part) && isCommit && part.length === bytes.length) commits.add(requestId)
    }
    await fault?.({ link, bytes, pass })
    if (!passed) pass()
  }

  async function fromClient(message: Message): Promise<void> {
    if (message.type === 'S') asked.push('sync')
    const statement = statementOf(message)
    if (statement === undefined)
      return await meet(far, message, message.type === 'startup' ? plan('connect', 'asked') : undefined)
    last = phaseOf(statement, last)
    asked.push(last, ...(message.type === 'Q' ? (['sync'] as const) : []))
    if (last === 'confirm') requestId = valuesOf(message)[3] ?? ''
    await meet(far, message, plan(last, 'asked'), last === 'commit')
  }

  let isAnswering = false
  async function fromServer(message: Message): Promise<void> {
    const phase = asked[0] === undefined || asked[0] === 'sync' ? 'connect' : asked[0]
    await meet(near, message, isAnswering ? undefined : plan(phase, 'answered'))
    const { type } = message
    if (type === 'E') asked.splice(1, asked.indexOf('sync') - 1) // what stood behind it is skipped
    const isDone = type === 'Z' || (['C', 'I'].includes(type) && asked[1] !== 'sync')
    isAnswering = !isDone
    if (!isDone) return
    asked.splice(0, type === 'Z' ? 2 : 1)
    await plan(phase, 'done')?.({ link, bytes: Buffer.alloc(0), pass: () => {} })
  }

  pump(near, far, 'client', fromClient)
  pump(far, near, 'server', fromServer)
  return link
}

/** Hands on what comes in, message by message, then the end. */
function pump(from: Socket, to: Socket, speaker: 'client' | 'server', handle: (message: Message) => Promise<void>) {
  const split = createSplitter(speaker)
  let turn: Promise<unknown> = Promise.resolve()
  const next = (step: () => unknown) => {
    turn = turn.then(step)
  }
  from.on('data', (chunk: Buffer) => split(chunk).forEach((message) => void next(() => handle(message))))
  from.on('end', () => next(() => to.end()))
  from.on('error', () => to.destroy())
}
