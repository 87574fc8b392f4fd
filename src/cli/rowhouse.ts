#!/usr/bin/env node
import { runAsProcess } from './process.ts'
import { runRowhouse } from './run.ts'

await runAsProcess(runRowhouse)
