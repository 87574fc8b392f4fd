/** @throws TypeError when it is no whole number from 1: wrong options show when they are given, not at the first request */
export function positive(name: string, value: number): void {
  if (!Number.isSafeInteger(value) || value < 1) throw new TypeError(`${name} must be a whole number from 1: ${value}`)
}
