import { connect, createServer, type Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'

// A network between a program and its database: what PostgreSQL answers arrives so many milliseconds later, so every round
// trip takes that much longer. A process of its own, as its work is not to count as the program's.
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

/** Hands on everything in order, each piece when its time has come. */
function deliverLate(from: Socket, to: Socket, delayMs: number): void {
  let turn: Promise<unknown> = Promise.resolve()
  from.on('data', (bytes) => {
    const arrived = delay(delayMs)
    turn = turn.then(() => arrived).then(() => to.write(bytes))
  })
}
