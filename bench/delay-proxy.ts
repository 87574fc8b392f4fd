import { connect, createServer, type Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'

// Simulates a network between a program and its database: every answer of PostgreSQL arrives DELAY_MS later. A separate
// process, so that its CPU time does not count as the program's.
//   PORT=… DATABASE_PORT=… DELAY_MS=1 bun bench/delay-proxy.ts

const { PORT, DATABASE_PORT, DELAY_MS } = process.env

createServer({ noDelay: true }, (near) => {
  const far = connect({ host: '127.0.0.1', port: Number(DATABASE_PORT), noDelay: true })
  near.pipe(far)
  deliverLate(far, near, Number(DELAY_MS))
  for (const socket of [near, far]) {
    socket.on('error', () => {})
    socket.on('close', () => [near, far].forEach((each) => void each.destroy()))
  }
}).listen(Number(PORT), '127.0.0.1')

/** Passes on the bytes in order, each chunk after the delay. */
function deliverLate(from: Socket, to: Socket, delayMs: number): void {
  let turn: Promise<unknown> = Promise.resolve()
  from.on('data', (bytes) => {
    const arrived = delay(delayMs)
    turn = turn.then(() => arrived).then(() => to.write(bytes))
  })
}
