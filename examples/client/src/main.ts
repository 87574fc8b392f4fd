import { createClient } from './client.ts'
import { listTasks } from './tasks.ts'

const [baseUrl = 'http://localhost:3000'] = process.argv.slice(2)
const acme = createClient({ baseUrl, tenantId: '550e8400-e29b-41d4-a716-446655440000' })

const { tasks, pagination } = await listTasks(acme, { limit: 5 })
for (const { createdAt, status, title } of tasks) console.log(`${createdAt.slice(0, 10)}  ${status}  ${title}`)
console.log(`${tasks.length} of ${pagination.total} tasks`)
