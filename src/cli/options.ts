import { InvalidArgumentError, Option } from '@commander-js/extra-typings'
import { parseWholeNumber } from '../text/index.ts'

// The fields of rowhouse.config.ts as flags with the names of RowhouseOptions. A flag overrides the file.

export const schemaOption = new Option('--schema <module>', 'the module that exports the Drizzle tables')
export const tenantColumnOption = new Option('--tenant-column <name>', 'the uuid column that holds the tenant id')
export const sharedOption = new Option('--shared <name...>', 'tables and functions that all tenants share: schema.name')
export const sqlOption = new Option('--sql <folder>', 'the folder of hand-written SQL files')
export const migrationsOption = new Option('--migrations <folder>', 'the folder of Drizzle migrations')

/** Parses the value of a flag. */
export const wholeNumberFrom = (min: number, max: number) => (text: string) => {
  const number = parseWholeNumber(text)
  if (number !== undefined && number >= min && number <= max) return number
  throw new InvalidArgumentError(`It must be a whole number from ${min} to ${max}.`)
}
