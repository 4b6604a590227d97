/**
 * The largest number of elements of a JSON array such that two texts are equal up to the end of the last of them, and it ends there
 * in both. An agent that re-sends its history repeats all of it, so that is tried first: the usual cost is one comparison.
 * @param ends Where each element ends in the known text.
 */
export function countRepeated(known: string, ends: readonly number[], text: string): number {
  const equalUpTo = (end: number) => text.slice(0, end) === known.slice(0, end)
  let low = 0
  let high = ends.length
  for (let guess = high; low < high; guess = (low + high + 1) >> 1) {
    if (equalUpTo(ends[guess - 1] as number)) low = guess
    else high = guess - 1
  }
  const next = low === 0 ? '' : text[ends[low - 1] as number]
  return next === ',' || next === ']' ? low : Math.max(0, low - 1)
}
