import { Command } from '@commander-js/extra-typings'
import { createCheckpointSigner, createSigningKey } from '../../../audit/index.ts'
import { OperatorError } from '../../../errors/index.ts'
import { findSigner } from '../../audit-keys.ts'
import { type CommandIo, print } from '../../io.ts'

export const createKeyCommand = (io: CommandIo) =>
  new Command('key')
    .description('Print a new signing key, and the key that verifies what it signs.')
    .option('--verifier', 'print the key that verifies what AUDIT_SIGNING_KEY signs, and no new key')
    .addHelpText(
      'after',
      `
AUDIT_SIGNING_KEY is a secret of "rowhouse worker". Keep it out of the database and out of its backups. AUDIT_VERIFY_KEY is
no secret: give it to everybody who verifies.

Example:
  ${io.runner.run} rowhouse audit key > audit.env`,
    )
    .action(({ verifier = false }) => {
      const signer = verifier ? findSigner(io) : undefined
      if (verifier && !signer) throw new OperatorError('AUDIT_SIGNING_KEY is not set: set it to the key that signs')
      const created = createSigningKey()
      if (signer) print(io, signer.verifierKey)
      else
        print(
          io,
          `AUDIT_SIGNING_KEY=${created}\nAUDIT_VERIFY_KEY=${createCheckpointSigner({ key: created }).verifierKey}`,
        )
    })
