import { Presets, SingleBar } from 'cli-progress'

/**
 * A bar on stderr while something is done in a terminal; elsewhere nothing.
 *
 * @param total what 100 % is
 * @example
 * const bar = progressBar(1000)
 * bar.advance(250)
 * bar.stop()
 */
export function progressBar(total: number): { advance(step: number): void; stop(): void } {
  if (!process.stderr.isTTY) return { advance() {}, stop() {} }
  const format = '{bar} {percentage}% of {total} rows, {eta_formatted} left'
  // Ctrl-C ends the process as it always does: nothing of the terminal is changed that would have to be put back.
  const bar = new SingleBar({ format, gracefulExit: false, hideCursor: null, linewrap: true }, Presets.shades_classic)
  bar.start(total, 0)
  return { advance: (step) => bar.increment(step), stop: () => bar.stop() }
}
