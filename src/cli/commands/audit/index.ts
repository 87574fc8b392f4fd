import { Command } from '@commander-js/extra-typings'
import type { CommandIo } from '../../io.ts'
import { createEraseCommand } from './erase.ts'
import { createKeyCommand } from './key.ts'
import { createPruneCommand } from './prune.ts'
import { createVerifyCommand } from './verify.ts'

export function createAuditCommand(io: CommandIo) {
  const audit = new Command('audit').description(
    'Verify the audit trail, make the key that signs it, prune old months, erase what it says of a row.',
  )
  for (const create of [createVerifyCommand, createKeyCommand, createPruneCommand, createEraseCommand])
    audit.addCommand(create(io))
  return audit.addHelpText('after', `\nExample:\n  ${io.runner.run} rowhouse audit verify --checkpoint saved.txt`)
}
