import { subscribe } from 'node:diagnostics_channel'
import { currentContext } from '../tape.ts'

interface StreamMessage {
  stream?: { session?: object }
  headers?: Record<string, unknown>
}

let subscribed = false

/** Tells the tape of streams of HTTP/2, which no door watches but for those that undici makes of a request. */
export function installUnwatchedTap(): void {
  if (subscribed) return
  subscribed = true
  subscribe('http2.client.stream.created', (message) => {
    const { headers, stream } = message as StreamMessage
    if (!isOfUndici(stream?.session))
      tellUnwatched('http2', String(headers?.[':authority'] ?? 'a host that is not named'))
  })
}

/** Whether a session is one of undici's, whose dispatchers are watched: it hangs its client on it. */
function isOfUndici(session: object | undefined): boolean {
  const client = session && Object.getOwnPropertySymbols(session).find((key) => key.description === 'client')
  return (
    client !== undefined && typeof (session as Record<symbol, { dispatch?: unknown }>)[client]?.dispatch === 'function'
  )
}

/** Tells the tape of the code that runs that it uses a protocol which is not watched. */
export function tellUnwatched(protocol: string, host: string): void {
  try {
    currentContext()?.tape.unwatched?.(protocol, host)
  } catch {
    // The recorder's trouble is not the agent's.
  }
}
