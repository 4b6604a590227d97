/** Where a replay cannot give what the real world gave, by name, and why. Everything else has to be equal. */
export interface KnownDifference {
  faults: readonly string[]
  clients: readonly string[]
  reason: string
}

export const KNOWN_DIFFERENCES: readonly KnownDifference[] = [
  {
    faults: ['early_hints', 'continue_unasked'],
    clients: ['node:http'],
    reason: 'A recording keeps the final head only: the events `information` and `continue` of a request do not come.',
  },
  {
    faults: ['trailers'],
    clients: ['undici request', 'node:http'],
    reason: 'A recording keeps no trailers.',
  },
  {
    faults: ['gzip', 'deflate', 'br', 'zstd'],
    clients: ['node:http', 'axios', 'got'],
    reason:
      'A recording keeps bodies without their content coding. For clients that take it off themselves it is put on again, piece by piece: then the length is not known before the end, and `transfer-encoding: chunked` stands in place of `content-length`.',
  },
  {
    faults: ['length_too_short'],
    clients: ['node:http', 'axios', 'got'],
    reason:
      'The answer is complete with the announced length. What came after it belongs to no answer and is not kept, so the client does not choke on it.',
  },
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
