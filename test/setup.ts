import { afterAll } from 'bun:test'
import { closeDatabases } from './database.ts'

// Test files share one process: one server and one pool, closed once.
afterAll(closeDatabases, 30_000)
