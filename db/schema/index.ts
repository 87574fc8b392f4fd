export * from './tasks.ts'
export * from './users.ts'
