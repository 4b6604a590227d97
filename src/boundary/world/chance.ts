import crypto from 'node:crypto'
import { syncBuiltinESMExports } from 'node:module'
import { sha256 } from '../../core/hash.ts'
import { doNothing } from '../../core/nothing.ts'
import { createRandom } from '../../core/random.ts'
import { type DrawObserver, isWithinRun } from '../tape.ts'
import { installKeyChance } from './key-chance.ts'

type Done<T> = (error: Error | null, value: T) => void
type View = NodeJS.ArrayBufferView

/** What the run that is replayed drew. */
export interface RecordedDraws {
  /** Whether the draws count from the loading of the agent on, or within its run only. */
  scope: 'process' | 'run'
  random: readonly number[]
  uuids: readonly string[]
}

export interface ChanceOptions {
  /** Everything that is not recorded follows from it. */
  seed: string
  /** What is drawn first, in the recorded order. */
  recorded?: RecordedDraws | undefined
  /** Told of what a recorder would be told of. */
  draws: DrawObserver
  /** Told whenever something that does not stand in the recording is drawn. */
  onChance?: (() => void) | undefined
  /**
   * Told of each value that the recorded run did not draw, and by what call: ids (`randomUUID`) are none of them.
   * @default nobody
   */
  onFresh?: ((call: string, value: string) => void) | undefined
}

/**
 * Puts all that this process draws at random under control: what the recorded run drew comes again, everything else follows
 * from the seed. So two replays of one recording draw the same ids, waits and choices, and are equal to the byte. For good;
 * nothing secret may be made in the process afterwards.
 */
export function installChance({
  seed,
  recorded,
  draws,
  onChance = doNothing,
  onFresh = doNothing,
}: ChanceOptions): void {
  const random = createRandom(sha256(seed))
  const next = (): number => {
    onChance()
    return random()
  }
  const fill = createFill(next)
  const freshFraction = (call: string): number => {
    const value = fraction(next)
    onFresh(call, String(value))
    return value
  }
  const freshBytes: Fill = (target, ...range) => {
    const filled = fill(target, ...range)
    onFresh('bytes', digestOf(filled))
    return filled
  }
  const scope = recorded?.scope ?? 'run'
  /** Draws that are none of the recorded run's do not use up what it drew. */
  const isRecorded = (): boolean => scope === 'process' || isWithinRun()
  const randoms = recorded?.random.values()
  const uuids = recorded?.uuids.values()

  Math.random = () => {
    if (!isRecorded()) return freshFraction('Math.random')
    const value = randoms?.next().value ?? freshFraction('Math.random')
    draws.random(value)
    return value
  }
  const randomUUID = (): string => {
    if (!isRecorded()) return formatUuid(fill(Buffer.alloc(16)))
    const value = uuids?.next().value ?? formatUuid(fill(Buffer.alloc(16)))
    draws.uuid(value)
    return value
  }
  const { Crypto } = globalThis as unknown as { Crypto: { prototype: object } }
  Object.assign(Crypto.prototype, { getRandomValues: (view: View) => freshBytes(view), randomUUID })
  Object.assign(crypto, {
    randomUUID,
    randomBytes: (size: number, done?: Done<Buffer>) => give(freshBytes(Buffer.alloc(size)), done),
    randomFillSync: freshBytes,
    randomFill: (target: View, ...rest: unknown[]) => {
      const [offset, size] = rest.filter((one) => typeof one === 'number')
      give(freshBytes(target, offset, size), rest.at(-1) as Done<View>)
    },
    randomInt: (...args: (number | Done<number>)[]) => {
      const done = typeof args.at(-1) === 'function' ? (args.pop() as Done<number>) : undefined
      const [low, high] = (args.length === 1 ? [0, ...args] : args) as [number, number]
      return give(low + Math.floor(freshFraction('randomInt') * (high - low)), done)
    },
  })
  installKeyChance(fill)
  if ('randomUUIDv7' in crypto) {
    const randomUUIDv7 = (): string => {
      const bytes = fill(Buffer.alloc(16))
      bytes.writeUIntBE(Date.now(), 0, 6)
      return formatUuid(bytes, 7)
    }
    Object.assign(crypto, { randomUUIDv7 })
  }
  syncBuiltinESMExports()
}

type Fill = <T extends View | ArrayBufferLike>(target: T, offset?: number, size?: number) => T

function createFill(next: () => number): Fill {
  return (target, offset = 0, size) => {
    const bytes = ArrayBuffer.isView(target)
      ? new Uint8Array(target.buffer, target.byteOffset, target.byteLength)
      : new Uint8Array(target)
    // As in Node, both count elements.
    const width = 'BYTES_PER_ELEMENT' in target ? (target.BYTES_PER_ELEMENT as number) : 1
    const end = size === undefined ? bytes.length : (offset + size) * width
    for (let i = offset * width; i < end; i++) bytes[i] = next() >>> 24
    return target
  }
}

function digestOf(drawn: View | ArrayBufferLike): string {
  const bytes = ArrayBuffer.isView(drawn)
    ? Buffer.from(drawn.buffer, drawn.byteOffset, drawn.byteLength)
    : Buffer.from(drawn)
  return `${bytes.length} ${bytes.subarray(0, 64).toString('hex')}`
}

function formatUuid(bytes: Buffer, version = 4): string {
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | (version << 4)
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
}

function give<T>(value: T, done: Done<T> | undefined): T | undefined {
  if (done === undefined) return value
  setImmediate(done, null, value)
  return undefined
}

function fraction(next: () => number): number {
  return (next() * 2 ** 21 + (next() >>> 11)) / 2 ** 53
}
