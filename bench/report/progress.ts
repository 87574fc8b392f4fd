/** Shows the current step on one line of a terminal. Without a terminal it does nothing. */
export function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[2K${text}`)
}
