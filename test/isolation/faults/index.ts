import type { Fault, ThirdPartyDatabase } from '../third-party-database.ts'
import { detours } from './detours.ts'
import { functions } from './functions.ts'
import { keys } from './keys.ts'
import { policies } from './policies.ts'
import { privileges } from './privileges.ts'
import { settings } from './settings.ts'

/** All faults by name. Some need an earlier one: apply them in this order. */
export const faultsOf = (database: ThirdPartyDatabase): Record<string, Fault> => ({
  ...privileges(database),
  ...policies(database),
  ...keys(database),
  ...functions(database),
  ...settings(database),
  ...detours(database),
})
