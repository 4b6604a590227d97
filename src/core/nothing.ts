/** A function for where one is wanted and nothing is to be done. */
export function doNothing(): void {
  // Nothing, on purpose.
}

/** A promise that never settles. */
export function never<T = never>(): Promise<T> {
  return new Promise(doNothing)
}
