import { Presets, SingleBar } from 'cli-progress'
import type { Output } from '../io.ts'

/**
 * Shows a progress bar when the output is a terminal, and nothing otherwise.
 *
 * @param total the value of 100 %
 * @example
 * const bar = progressBar(process.stderr, 1000)
 * bar.advance(250)
 * bar.stop()
 */
export function progressBar(output: Output, total: number): { advance(step: number): void; stop(): void } {
  if (!output.isTTY) return { advance() {}, stop() {} }
  const format = '{bar} {percentage}% of {total} rows, {eta_formatted} left'
  // Without these two options the bar handles Ctrl-C itself and hides the cursor, which an interruption would not restore.
  const options = { format, stream: output, gracefulExit: false, hideCursor: null, linewrap: true }
  const bar = new SingleBar(options, Presets.shades_classic)
  bar.start(total, 0)
  return { advance: (step) => bar.increment(step), stop: () => bar.stop() }
}
