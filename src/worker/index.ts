export { appendAuditLogs, makeAuditPartitions, purgeIdempotencyKeys, type WorkerTask, workerTasks } from './tasks.ts'
export { isRefusal, runWorker, runWorkerOnce, type WorkerOptions } from './worker.ts'
