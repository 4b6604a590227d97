import { sha256 } from '../core/hash.ts'
import { type Caller, callerOf, directCaller, takeCallSite } from './world/call-site.ts'

/** Something that a replayed agent looked at and no recording holds: what it was, where, and what was seen. */
export interface SourceSight {
  /** `file:prompts/system.md`, `env:FEATURE_X`, `random:Math.random`, `os:hostname`, `tool:search`. */
  name: string
  /** Where in the agent's code, `file:line:column`. */
  at: string | null
  /** What was seen, as a digest: equal for equal values. */
  seen: string
}

/** Takes down what the agent's own code looks at. */
export interface SourceWatch {
  /** Whose call it is that is going on: null for one of Node's own, and for none. */
  caller(): Caller | null
  /** Takes down a look at a source if the agent's own code makes it, with no code of Node's or of a package between. */
  seeDirect(name: string, value: () => unknown): void
  see(name: string, at: string | null, value: unknown): void
}

/** So many sights of one source say that it is looked at again and again; more would choke the line to the parent. */
const MOST_SIGHTS = 1_000

/** After so many looks at one source nobody asks any more whose they are: finding out takes a stack each. */
const MOST_LOOKS = 20_000

/** What stands for all that was seen beyond that: equal to nothing. */
export const AND_MORE = '…'

/** @param tell Told of each source, and of each value that it had. */
export function createSourceWatch(tell: (sight: SourceSight) => void): SourceWatch {
  const told = new Map<string, Set<string>>()
  const looks = new Map<string, number>()
  const add = (name: string, at: string | null, seen: string): void => {
    const values = told.get(name) ?? new Set()
    told.set(name, values)
    if (values.has(seen)) return
    values.add(seen)
    tell({ name, at, seen })
  }
  const see = (name: string, at: string | null, value: unknown): void => {
    const count = told.get(name)?.size ?? 0
    if (count < MOST_SIGHTS) add(name, at, sha256(String(value)).slice(0, 16))
    else if (count === MOST_SIGHTS) add(name, at, AND_MORE)
  }
  return {
    caller: () => callerOf(takeCallSite()),
    seeDirect(name, value) {
      const count = (looks.get(name) ?? 0) + 1
      looks.set(name, count)
      if (count > MOST_LOOKS) {
        // Whoever looks: that it is the agent cannot be ruled out.
        if (count === MOST_LOOKS + 1) add(name, null, AND_MORE)
        return
      }
      if ((told.get(name)?.size ?? 0) > MOST_SIGHTS) return
      const place = directCaller()
      if (place !== null) see(name, place, value())
    },
    see,
  }
}
