import type { WireAnswer } from './start-provider.ts'

/** A text in pieces, as models give it. */
export function piecesOf(text: string): string[] {
  return text.match(/.{1,12}/gs) ?? []
}

/** A stream of server-sent events. */
export function sse(pieces: string[]): WireAnswer {
  return { type: 'text/event-stream; charset=utf-8', pieces }
}
