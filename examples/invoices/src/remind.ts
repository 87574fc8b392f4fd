import { createAdminDatabase, createPool } from 'rowhouse'
import { openDatabase } from './database.ts'
import { remindAll } from './features/reminders.ts'
import { setting } from './settings.ts'

// A process of its own, for cron. It alone has the login of the admin role; the service never gets it.

const db = openDatabase(setting('DATABASE_URL'))
const admin = createAdminDatabase({
  connections: createPool({ url: setting('DATABASE_ADMIN_URL'), size: 1 }),
  log: {
    info: (fields, message) => console.info(message, fields),
    error: (fields, message) => console.error(message, fields),
  },
})
try {
  const { sent, failed } = await remindAll({
    db,
    admin,
    send: async ({ to, number }) => console.info(`A mail to ${to}: invoice ${number} is overdue`),
  })
  console.info(`${sent} reminders were sent`)
  if (failed.length > 0) throw new Error(`The reminders of these tenants failed: ${failed.join(', ')}`)
} finally {
  await Promise.all([db.close(), admin.close()])
}
