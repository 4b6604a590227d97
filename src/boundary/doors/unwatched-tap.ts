import { subscribe } from 'node:diagnostics_channel'
import { currentContext } from '../tape.ts'

interface StreamMessage {
  stream?: { session?: { originSet?: string[] } }
  headers?: Record<string, unknown>
}

let subscribed = false

/** Tells the tape of streams of HTTP/2, which no door watches. */
export function installUnwatchedTap(): void {
  if (subscribed) return
  subscribed = true
  subscribe('http2.client.stream.created', (message) => {
    const { headers } = message as StreamMessage
    tellUnwatched('http2', String(headers?.[':authority'] ?? 'a host that is not named'))
  })
}

/** Tells the tape of the code that runs that it uses a protocol which is not watched. */
export function tellUnwatched(protocol: string, host: string): void {
  try {
    currentContext()?.tape.unwatched?.(protocol, host)
  } catch {
    // The recorder's trouble is not the agent's.
  }
}
