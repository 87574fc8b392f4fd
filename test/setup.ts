import { afterAll } from 'bun:test'
import { closeDatabases } from './database.ts'

// All test files of a process share one server and one pool.
afterAll(closeDatabases, 30_000)
