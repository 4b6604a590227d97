import crypto from 'node:crypto'
import { syncBuiltinESMExports } from 'node:module'
import { sha256 } from '../../core/hash.ts'

type Done<T> = (error: Error | null, value: T) => void
type View = NodeJS.ArrayBufferView

/**
 * Lets all random values of this process follow from a seed: two replays of one recording draw the same ids, waits and
 * choices, so they are equal to the byte. For good; nothing secret may be made in the process afterwards.
 */
export function seedRandom(seed: string): void {
  const next = createGenerator(seed)
  const fill = <T extends View | ArrayBufferLike>(target: T, offset = 0, size?: number): T => {
    const bytes = ArrayBuffer.isView(target)
      ? new Uint8Array(target.buffer, target.byteOffset, target.byteLength)
      : new Uint8Array(target)
    const end = size === undefined ? bytes.length : offset + size
    for (let i = offset; i < end; i++) bytes[i] = next() >>> 24
    return target
  }
  const below = (bound: number): number => Math.floor(fraction(next) * bound)
  const uuid = (): string => {
    const bytes = fill(Buffer.alloc(16))
    bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40
    bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80
    return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
  }
  Math.random = () => fraction(next)
  const { Crypto } = globalThis as unknown as { Crypto: { prototype: object } }
  Object.assign(Crypto.prototype, { getRandomValues: (view: View) => fill(view), randomUUID: uuid })
  Object.assign(crypto, {
    randomUUID: uuid,
    randomBytes: (size: number, done?: Done<Buffer>) => give(fill(Buffer.alloc(size)), done),
    randomFillSync: fill,
    randomFill: (target: View, ...rest: unknown[]) => {
      const [offset, size] = rest.filter((one) => typeof one === 'number')
      give(fill(target, offset, size), rest.at(-1) as Done<View>)
    },
    randomInt: (...args: (number | Done<number>)[]) => {
      const done = typeof args.at(-1) === 'function' ? (args.pop() as Done<number>) : undefined
      const [low, high] = (args.length === 1 ? [0, ...args] : args) as [number, number]
      return give(low + below(high - low), done)
    },
  })
  syncBuiltinESMExports()
}

function give<T>(value: T, done: Done<T> | undefined): T | undefined {
  if (done === undefined) return value
  setImmediate(done, null, value)
  return undefined
}

function fraction(next: () => number): number {
  return (next() * 2 ** 21 + (next() >>> 11)) / 2 ** 53
}

/** Gives one unsigned 32-bit number after another: sfc32, by Chris Doty-Humphrey, as in PractRand. */
function createGenerator(seed: string): () => number {
  const state = Buffer.from(sha256(seed), 'hex')
  let [a, b, c, counter] = [0, 4, 8, 12].map((offset) => state.readUInt32LE(offset)) as [number, number, number, number]
  return () => {
    const sum = (a + b + counter) | 0
    counter = (counter + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = (((c << 21) | (c >>> 11)) + sum) | 0
    return sum >>> 0
  }
}
