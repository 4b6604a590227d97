/**
 * A generator of unsigned 32-bit numbers, the same for the same seed. Not for secrets. The algorithm is sfc32 of
 * Chris Doty-Humphrey's PractRand.
 *
 * @param seed At least 32 hex digits, best a hash.
 */
export function createRandom(seed: string): () => number {
  let [a, b, c, counter] = [0, 8, 16, 24].map((at) => Number.parseInt(seed.slice(at, at + 8), 16) | 0) as [
    number,
    number,
    number,
    number,
  ]
  return () => {
    const sum = (((a + b) | 0) + counter) | 0
    counter = (counter + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = (((c << 21) | (c >>> 11)) + sum) | 0
    return sum >>> 0
  }
}
