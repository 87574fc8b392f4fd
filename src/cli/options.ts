import { type Command, InvalidArgumentError, Option, type OptionValues } from '@commander-js/extra-typings'
import { parseWholeNumber } from '../text/index.ts'
import { defaults } from './config.ts'

// The fields of rowhouse.config.ts as flags with the names of RowhouseOptions. A flag overrides the file, so commander must
// not set the defaults: they are only described.
const withDefault = (description: string, value: string) => `${description} (default: ${value})`

export const schemaOption = new Option(
  '--schema <module>',
  withDefault('the module that exports the Drizzle tables', defaults.schema),
)
export const tenantColumnOption = new Option(
  '--tenant-column <name>',
  withDefault('the column that holds the tenant id', defaults.tenantColumn),
)
export const tenantIdOption = new Option(
  '--tenant-id <type>',
  withDefault('the type of tenant ids, which the first migration decides', defaults.tenantId),
).choices(['uuid', 'text', 'bigint'] as const)
export const casingOption = new Option(
  '--casing <casing>',
  'how Drizzle names columns without a name of their own (default: as in the code)',
).choices(['snake_case', 'camelCase'] as const)
export const sharedOption = new Option('--shared <name...>', 'tables and functions that all tenants share: schema.name')
export const unreachableOption = new Option(
  '--unreachable <name...>',
  'relations that the serving role must not reach: schema.name',
)
export const sqlOption = new Option('--sql <folder>', withDefault('the folder of hand-written SQL files', defaults.sql))
export const migrationsOption = new Option(
  '--migrations <folder>',
  withDefault('the folder of Drizzle migrations', defaults.migrations),
)

/** Adds the flags of a command that compares a Drizzle schema with the SQL folder. */
export const withSchema = <Args extends unknown[], Given extends OptionValues>(command: Command<Args, Given>) =>
  command
    .addOption(schemaOption)
    .addOption(sqlOption)
    .addOption(sharedOption)
    .addOption(unreachableOption)
    .addOption(tenantColumnOption)
    .addOption(tenantIdOption)
    .addOption(casingOption)

/** Parses the value of a flag. */
export const wholeNumberFrom = (min: number, max: number) => (text: string) => {
  const number = parseWholeNumber(text)
  if (number !== undefined && number >= min && number <= max) return number
  throw new InvalidArgumentError(`It must be a whole number from ${min} to ${max}.`)
}
