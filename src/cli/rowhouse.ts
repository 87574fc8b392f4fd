#!/usr/bin/env bun
import { runRowhouse } from './run.ts'

const { argv, env, stdout, stderr } = process

// A reader such as `| head` may close the pipe early: that is not an error, and the exit code stays the command's.
for (const output of [stdout, stderr])
  output.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
  })

process.exitCode = await runRowhouse(argv.slice(2), { env, cwd: process.cwd(), stdout, stderr })
