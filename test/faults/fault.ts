/**
 * What a server does, one thing after the other: writes bytes, waits so many ms, waits until the client has `seen` what was
 * written, ends the connection (`fin`), breaks it (`reset`), or leaves it open and says no more (`hang`).
 */
export type Step = string | Uint8Array | number | 'seen' | 'fin' | 'reset' | 'hang'

/** Where clients find the server, by the kind of line that leads there. */
export type Line =
  | 'http'
  | 'https'
  | 'plain as https'
  | 'https as plain'
  | 'mute tls'
  | 'closed port'
  | 'reset on connect'
  | 'no such host'
  | 'self-signed'
  | 'wrong host'
  | 'expired'

/** What a client does with an answer. */
export type Act = 'read' | 'time out' | 'abort' | 'cancel' | 'leave' | 'twice'

export interface Fault {
  /** How the server is reached. */
  line?: Line
  /** `stream` for an answer that a client asks for as one. */
  asks?: 'whole' | 'stream'
  act?: Act
  /**
   * How long a client waits whose act is to time out, ms: long where something has to come before, on any machine.
   * @default 500
   */
  patience_ms?: number
  /** True where a client may try again. */
  retries?: boolean
  /** What the server does at the n-th request (from 1). */
  answer?(attempt: number, path: string): Step[]
}
