import { afterAll } from 'bun:test'
import { closeDatabases } from './database.ts'

// The files that one process runs share one server and one pool.
afterAll(closeDatabases, 30_000)
