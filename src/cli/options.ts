import { Option } from '@commander-js/extra-typings'

// The fields of rowhouse.config.ts as flags; one that is given wins over the file. Names are as RowhouseOptions has them.

export const schemaOption = new Option('--schema <module>', 'the module that exports the Drizzle tables')
export const tenantColumnOption = new Option('--tenant-column <name>', 'the uuid column that says whose a row is')
export const sharedOption = new Option('--shared <name...>', 'what tenants may share, as schema.name')
export const sqlOption = new Option('--sql <folder>', 'the hand-written SQL')
export const migrationsOption = new Option('--migrations <folder>', "Drizzle's migrations")
