import { connect, type Socket } from 'node:net'
import { type Attack, attacks } from './attacks.ts'

// Attacks a server for some seconds: bun bench/attacker.ts URL SECONDS NAME. It is a program of its own, so that its work does not
// delay the measurement. It prints how often each status came, and how many connections the server closed.

const [url = '', seconds = '', name = ''] = process.argv.slice(2)
const { hostname, port } = new URL(url)
const attack = attackOf(name)
const counts: Record<string, number> = {}
const count = (key: string) => {
  counts[key] = (counts[key] ?? 0) + 1
}

// Not all at the same moment, which would measure the burst.
const spreadMs = Math.max(attack.pauseMs, 1000)
for (let number = 0; number < attack.connections; number += 1)
  setTimeout(() => open(number), (number * spreadMs) / attack.connections)
setTimeout(() => {
  process.stdout.write(`${JSON.stringify(counts)}\n`)
  process.exit()
}, Number(seconds) * 1000)

function attackOf(name: string): Attack {
  const found = attacks[name]
  if (!found) throw new Error(`There is no attack "${name}"`)
  return found
}

function open(number: number): void {
  const socket = connect(Number(port), hostname)
  const isWhole = responses()
  socket.on('error', () => count('error'))
  socket.once('close', () => {
    count('closed')
    setTimeout(() => open(number), spreadMs)
  })
  socket.once('connect', () => send(socket, number))
  if (!attack.reads) {
    socket.pause()
    return
  }
  socket.on('data', (bytes: Buffer) => {
    const status = isWhole(bytes)
    if (status === undefined) return
    count(status)
    setTimeout(() => socket.writable && send(socket, number), attack.pauseMs)
  })
}

function send(socket: Socket, number: number): void {
  socket.write(attack.request(number))
  const { drip } = attack
  if (!drip) return
  const more = () => {
    while (socket.writable && socket.write(drip)) if (socket.writableLength > 65_536) break
    if (socket.writable) socket.once('drain', more)
  }
  more()
}

/** Returns the status when a response is whole. It knows a length and chunks, as far as this service sends them. */
function responses(): (bytes: Buffer) => string | undefined {
  let head = ''
  let left: number | undefined
  let tail = ''
  return (bytes) => {
    let body = bytes
    if (left === undefined) {
      const at = (head + bytes.toString('latin1')).indexOf('\r\n\r\n')
      const before = head.length
      head += bytes.toString('latin1')
      if (at < 0) return undefined
      body = bytes.subarray(Math.max(0, at + 4 - before))
      head = head.slice(0, at)
      const length = /content-length: (\d+)/i.exec(head)?.[1]
      left = /transfer-encoding: chunked/i.test(head) ? -1 : Number(length ?? 0)
    }
    if (left >= 0) left -= body.byteLength
    else tail = (tail + body.subarray(-8).toString('latin1')).slice(-8)
    if (left > 0 || (left < 0 && !tail.endsWith('0\r\n\r\n') && /chunked/i.test(head))) return undefined
    const status = head.slice(9, 12)
    head = ''
    tail = ''
    left = undefined
    return status
  }
}
