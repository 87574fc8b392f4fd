import { owner } from '../database/shared-database.ts'
import type { Fault, Link } from './proxy.ts'

/** Faults of a connection, caused by the network or by PostgreSQL's administrator. */
export const connectionFaults = {
  cut: ({ link }) => link.cut(),
  'tear a message': ({ link, bytes, pass }) => {
    pass(bytes.subarray(0, Math.ceil(bytes.length / 2)))
    link.finish('client')
    link.finish('server')
  },
  'half-close towards the client': ({ link, pass }) => {
    pass()
    link.finish('client')
  },
  'half-close towards the server': ({ link, pass }) => {
    pass()
    link.finish('server')
  },
  freeze: ({ link }) => link.freeze(),
  delay: () => new Promise((resolve) => setTimeout(resolve, 30)),
  pg_cancel_backend: async ({ link, pass }) => {
    pass()
    await owner`select pg_cancel_backend(pid) from ${backendOf(link)}`
  },
  pg_terminate_backend: ({ link }) => owner`select pg_terminate_backend(pid, 1000) from ${backendOf(link)}`,
} satisfies Record<string, Fault>

export type ConnectionFault = keyof typeof connectionFaults
export const connectionFaultNames = Object.keys(connectionFaults) as ConnectionFault[] // the keys of its type

const backendOf = (link: Link) => owner`pg_stat_activity where client_port = ${link.port}`
