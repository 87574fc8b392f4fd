/** @throws TypeError when an option is not a whole number of at least `min` */
export function assertWholeNumber(name: string, value: number, min = 1): void {
  if (!Number.isSafeInteger(value) || value < min)
    throw new TypeError(`${name} must be a whole number of at least ${min} (got ${value})`)
}
