import { sha256 } from '../core/hash.ts'
import { type CallSite, callerOf, takeCallSite } from './world/call-site.ts'

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
  caller(site?: CallSite): ReturnType<typeof callerOf>
  see(name: string, at: string | null, value: unknown): void
}

/** So many sights of one source say that it is looked at again and again; more would choke the line to the parent. */
const MOST_SIGHTS = 1_000

/** What stands for all that was seen beyond that: equal to nothing. */
export const AND_MORE = '…'

/** @param tell Told of each source, and of each value that it had. */
export function createSourceWatch(tell: (sight: SourceSight) => void): SourceWatch {
  const told = new Map<string, Set<string>>()
  return {
    caller: (site = takeCallSite()) => callerOf(site),
    see(name, at, value) {
      const values = told.get(name) ?? new Set()
      told.set(name, values)
      if (values.size > MOST_SIGHTS) return
      const seen = values.size === MOST_SIGHTS ? AND_MORE : sha256(String(value)).slice(0, 16)
      if (values.has(seen)) return
      values.add(seen)
      tell({ name, at, seen })
    },
  }
}
