/** Where a replay cannot give what the real world gave, by name, and why. Everything else has to be equal. */
export interface KnownDifference {
  faults: readonly string[]
  clients: readonly string[]
  reason: string
}

export const KNOWN_DIFFERENCES: readonly KnownDifference[] = [
  {
    faults: ['redirect_nowhere'],
    clients: ['undici fetch'],
    reason:
      'The `fetch` of npm undici drops a redirect as soon as it looks at the head, but still gives what came in the same packet. In a replay head and body are two moments.',
  },
]

/** The difference that is known of a cell, by its number; null when its outcome has to be the same everywhere. */
export function knownDifference(fault: string, client: string): number | null {
  const found = KNOWN_DIFFERENCES.findIndex(({ faults, clients }) => faults.includes(fault) && clients.includes(client))
  return found < 0 ? null : found
}
