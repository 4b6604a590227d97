import type { SourceSight } from '../boundary/sources.ts'

/** A source that no recording holds, with all that was seen of it in one replay. */
export interface ObservedSource {
  name: string
  /** Where it was looked at first. */
  at: string | null
  /** Digests of what was seen, in the order of their first appearance. */
  seen: string[]
}

/** The sights of each source together. */
export function joinSights(sights: readonly SourceSight[]): ObservedSource[] {
  const found = new Map<string, ObservedSource>()
  for (const { name, at, seen } of sights) {
    const source = found.get(name)
    if (source === undefined) found.set(name, { name, at, seen: [seen] })
    else source.seen.push(seen)
  }
  return [...found.values()]
}
